// What `sixplane config` can be asked for.
export { cni } from "./cni.ts";
export { docker } from "./docker.ts";
export { facts } from "./facts.ts";
export { hosts } from "./hosts.ts";
export { kea } from "./kea.ts";
export { libvirt } from "./libvirt.ts";
export { lxd } from "./lxd.ts";
export { networkd } from "./networkd.ts";
export { nftables } from "./nftables.ts";
export { nspawn } from "./nspawn.ts";
export { radvd } from "./radvd.ts";
export { systemd } from "./systemd.ts";
export { terraform } from "./terraform.ts";
export { uci } from "./uci.ts";
export { wireguard } from "./wireguard.ts";
export { zone } from "./zone.ts";
