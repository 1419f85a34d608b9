// The addresses and the MAC of a node in straightforward TypeScript: what derivation by the core is measured against.

export interface Derived {
  sixplane: string;
  rfc4193: string;
  mac: string;
}

/** From 16 and 10 hex digits; the addresses as RFC 5952 has them, the MAC as pairs. */
export function derive(network: string, node: string): Derived {
  const id = BigInt(`0x${network}`);
  const device = BigInt(`0x${node}`);
  const folded = (id >> 32n) ^ (id & 0xffffffffn);
  return {
    sixplane: addressText((0xfcn << 120n) | (folded << 88n) | (device << 48n) | 1n),
    rfc4193: addressText((0xfdn << 120n) | (id << 56n) | (0x9993n << 40n) | device),
    mac: macText(id, device),
  };
}

function macText(id: bigint, device: bigint): string {
  let first = (id & 0xfen) | 2n;
  if (first === 0x52n) first = 0x32n;
  let mask = 0n;
  for (let i = 1n; i <= 5n; i++) mask = (mask << 8n) | ((id >> (8n * i)) & 0xffn);
  const digits = ((first << 40n) | (device ^ mask)).toString(16).padStart(12, "0");
  return digits.replace(/..(?!$)/g, "$&:");
}

function addressText(address: bigint): string {
  const digits = address.toString(16).padStart(32, "0");
  const groups = digits.match(/..../g)?.map((group) => group.replace(/^0{1,3}/, "")) ?? [];
  const text = groups.join(":");
  // The first of the longest runs of two or more zero groups.
  const [longest] = [...text.matchAll(/\b0(:0)+\b/g)].sort(([a], [b]) => b.length - a.length);
  if (!longest) return text;
  const before = text.slice(0, longest.index).replace(/:$/, "");
  const behind = text.slice(longest.index + longest[0].length).replace(/^:/, "");
  return `${before}::${behind}`;
}
