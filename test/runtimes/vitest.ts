// What the tests need of vitest, by the parts that it is made of, which run everywhere.
import { chai, type ExpectStatic, JestAsymmetricMatchers, JestChaiExpect, JestExtend } from "@vitest/expect";

export { describe, test } from "@vitest/runner";

chai.use(JestExtend);
chai.use(JestChaiExpect);
chai.use(JestAsymmetricMatchers);

export const expect = chai.expect as ExpectStatic;
