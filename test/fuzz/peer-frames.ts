// Frames of a peer, for the check of what a node may have sent: right ones, and ones that lie in one place or a few.
import { linkLocal, OWN_SOURCES, ROUTERS } from "../support/source-check.ts";
import type { Draw } from "./frames.ts";
import { type Config, macOf } from "./oracle.ts";

export interface PeerCase extends Config {
  frame: Uint8Array;
}

const TAGS = [0x8100, 0x88a8, 0x9100, 0x8101, 0x0081];
const TYPES = [135, 136, 133, 134, 136, 135, 137, 128, 132, 138, 1];
const UPPER_LAYERS = [58, 58, 58, 58, 58, 6, 17, 59, 50, 135, 122, 255];
const EXTENSIONS = [0, 60, 43, 44, 51];
const FIXED: Record<number, number> = { 133: 8, 134: 16, 135: 24, 136: 24, 137: 40 };
const NOBODYS = [
  "00000000000000000000000000000000",
  "00000000000000000000000000000001",
  "00000000000000000000000000000002",
  "ff020000000000000000000000000001",
  "fe800000000000000000000000000001",
  "febf0000000000000000000000000001",
  "fec00000000000000000000000000001",
  "20010db8000000000000000000000001",
  "fd000000000000000000000000000001",
].map((text) => Uint8Array.from(Buffer.from(text, "hex")));

export function peerCase(draw: Draw): PeerCase {
  const pick = <Value>(list: readonly Value[]): Value => list[draw(list.length)] as Value;
  const oneIn = (times: number) => draw(times) === times - 1;
  const random = (length: number) => Uint8Array.from({ length }, () => draw(256));

  const network = random(8);
  const node = random(5);
  const modes = oneIn(8) ? draw(256) : 3 | (oneIn(3) ? OWN_SOURCES : 0) | (oneIn(2) ? ROUTERS : 0);
  const config = { network, node, modes };
  const mac = macOf(network, node);

  const other = node.slice();
  other[draw(5)] = draw(256);
  const sixplane = (owner: Uint8Array, suffix: Uint8Array) =>
    Uint8Array.of(
      0xfc,
      ...Array.from({ length: 4 }, (_, i) => (network[i] ?? 0) ^ (network[4 + i] ?? 0)),
      ...owner,
      ...suffix,
    );
  const rfc4193 = (owner: Uint8Array) => Uint8Array.of(0xfd, ...network, 0x99, 0x93, ...owner);
  const address = () => {
    const kind = draw(12);
    if (kind < 4) return sixplane(node, kind < 2 ? Uint8Array.of(0, 0, 0, 0, 0, 1) : random(6));
    if (kind < 6) return rfc4193(node);
    if (kind < 8) return linkLocal(config);
    if (kind === 8) return oneIn(2) ? sixplane(other, random(6)) : rfc4193(other);
    if (kind === 9) return linkLocal({ ...config, node: other });
    return pick(NOBODYS);
  };
  const option = () => {
    const type = pick([1, 2, 1, 2, 14, 3, 5, 0]);
    if (type > 2 || type === 0) {
      const units = 1 + draw(2);
      return [type, oneIn(16) ? draw(4) : units, ...random(8 * units - 2)];
    }
    return [type, oneIn(12) ? draw(3) : 1, ...(oneIn(8) ? macOf(network, other) : mac)];
  };
  const message = () => {
    const type = pick(TYPES);
    const fixed = FIXED[type] ?? 8;
    const body = random(fixed);
    body[0] = type;
    if (fixed >= 24) body.set(address(), 8);
    const options = Array.from({ length: draw(4) }, option).flat();
    return [...body, ...options, ...(oneIn(12) ? random(1 + draw(9)) : [])];
  };

  const upper = pick(UPPER_LAYERS);
  const chain = oneIn(2) ? Array.from({ length: 1 + draw(3) }, () => pick(EXTENSIONS)) : [];
  const headers = chain.flatMap((header, i) => {
    const next = chain[i + 1] ?? upper;
    if (header === 44) return [next, draw(256), 0, oneIn(3) ? draw(256) : draw(8), ...random(4)];
    const more = draw(3);
    const size = header === 51 ? 4 * (more + 2) : 8 * (more + 1);
    return [next, oneIn(16) ? draw(256) : more, ...random(size - 2)];
  });
  const payload = [...headers, ...(upper === 58 ? message() : random(draw(24)))];
  const length = oneIn(16) ? pick([payload.length + 8, payload.length - 1, draw(65_536)]) : payload.length;

  const tags = oneIn(3) ? Array.from({ length: 1 + draw(4) }, () => pick(TAGS)) : [];
  const source = oneIn(4) ? new Uint8Array(16) : address();
  let frame = Uint8Array.of(
    ...random(6),
    ...(oneIn(16) ? macOf(network, other) : mac),
    ...tags.flatMap((tag) => [tag >> 8, tag & 255, ...random(2)]),
    ...(oneIn(16) ? [8, draw(8)] : [0x86, 0xdd]),
    ...[oneIn(32) ? draw(256) : 0x60, 0, 0, 0, (length >> 8) & 255, length & 255, chain[0] ?? upper, 255],
    ...source,
    ...random(16),
    ...payload,
    ...(oneIn(4) ? random(draw(9)) : []),
  );
  if (oneIn(8)) frame[draw(frame.length)] = draw(256);
  if (oneIn(8)) frame = frame.slice(0, draw(frame.length + 1));
  return { ...config, frame };
}
