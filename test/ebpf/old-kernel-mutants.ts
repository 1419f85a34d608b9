/** How many mutants of each build the machine of old-kernel.test.ts compares. */
export const MUTANTS = 200;
