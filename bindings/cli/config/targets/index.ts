// What `sixplane config` can be asked for.
export { cni } from "./cni.ts";
export { docker } from "./docker.ts";
export { facts } from "./facts.ts";
export { networkd } from "./networkd.ts";
export { terraform } from "./terraform.ts";
export { zone } from "./zone.ts";
