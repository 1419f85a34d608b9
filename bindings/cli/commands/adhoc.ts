import { mismatch, Network } from "sixplane";
import { parseWhole } from "../io/number.ts";
import { columns, type Output } from "../io/output.ts";

/** `sixplane adhoc START-PORT END-PORT`, and back: `sixplane adhoc NETWORK` */
export async function adhoc(
  output: Output,
  first: string,
  end: string | undefined,
  json: boolean | undefined,
): Promise<void> {
  const network =
    end === undefined
      ? fromId(first)
      : Network.adhoc(parseWhole("start port", first, 0, 0xffff), parseWhole("end port", end, 0, 0xffff));
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
