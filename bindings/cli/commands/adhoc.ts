import { mismatch, Network } from "sixplane";
import { parseNetworkId } from "../io/identifiers.ts";
import { parseWhole } from "../io/number.ts";
import { columns, type Output } from "../io/output.ts";

/** `sixplane adhoc START-PORT [END-PORT]`, and back: `sixplane adhoc NETWORK` */
export async function adhoc(
  output: Output,
  first: string,
  end: string | undefined,
  json: boolean | undefined,
): Promise<void> {
  const network = isPorts(first, end) ? fromPorts(first, end) : fromId(first);
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

/** One word with fewer digits than a network ID is a port, or a range such as 7000-7999, as it is printed. */
function isPorts(first: string, end: string | undefined): boolean {
  return end !== undefined || /^\d{1,15}(-\d{1,15})?$/.test(first);
}

/** The network of two ports, of a range with a hyphen, or of one port. */
function fromPorts(first: string, end: string | undefined): Network {
  const [start = "", last = start] = end === undefined ? first.split("-") : [first, end];
  return Network.adhoc(parseWhole("start port", start, 0, 0xffff), parseWhole("end port", last, 0, 0xffff));
}

function fromId(id: string): Network {
  const network = new Network(parseNetworkId(id));
  if (network.ports) return network;
  throw mismatch("network ID of an ad-hoc network", "ff, two ports in order, and six zeros", id);
}
