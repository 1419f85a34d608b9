// What `sixplane config` can be asked for.
export { docker } from "./docker.ts";
export { facts } from "./facts.ts";
