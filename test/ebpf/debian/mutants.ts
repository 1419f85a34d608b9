/** How many mutants of each build the machine of suite.ts compares. */
export const MUTANTS = 200;
