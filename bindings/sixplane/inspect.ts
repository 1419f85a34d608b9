/** The method that `console.log` of Node, Deno and Bun calls for an object, and whose text it prints. */
export const INSPECT = Symbol.for("nodejs.util.inspect.custom");
