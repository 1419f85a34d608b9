import { mismatch, Network } from "sixplane";
import { columns, type Output } from "../io/output.ts";

/** `sixplane adhoc START-PORT END-PORT`, and back: `sixplane adhoc NETWORK` */
export async function adhoc(
  output: Output,
  first: string,
  end: string | undefined,
  json: boolean,
): Promise<void> {
  const network =
    end === undefined ? fromId(first) : Network.adhoc(port("start port", first), port("end port", end));
  const { ports, sixplane } = network;
  const value = {
    network: network.id,
    startPort: ports?.start,
    endPort: ports?.end,
    networkPrefix: sixplane,
  };
  await output.result(
    json,
    value,
    columns([
      ["network ID", value.network],
      ["ports", `${value.startPort}-${value.endPort}`],
      ["6PLANE network prefix", String(value.networkPrefix)],
    ]),
  );
}

function fromId(id: string): Network {
  const network = new Network(id);
  if (network.ports) return network;
  throw mismatch("network ID of an ad-hoc network", "ff, two ports in order, and six zeros", id);
}

function port(what: string, text: string): number {
  if (!/^\d{1,5}$/.test(text)) throw mismatch(what, "a whole number from 0 to 65535", text);
  return Number(text);
}
