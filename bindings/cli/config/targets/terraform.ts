import { text } from "node:stream/consumers";
import { InputError, mismatch } from "sixplane";
import { Failure } from "../../io/failure.ts";
import { parseNetworkId, parseNode } from "../../io/identifiers.ts";
import { type Folder, warnOfReserved } from "../../zerotier/identity.ts";
import { SENTENCE } from "../syntax.ts";
import { type ConfigFile, givenHost, type Target, ZEROTIER } from "../target.ts";
import { explain, valuesOf } from "./facts.ts";

/** What a query may have. An empty string is as good as nothing, as Terraform makes one of null. */
const KEYS = ["network", "node", "subnets", "subnet_length"] as const;

type Query = Partial<Record<(typeof KEYS)[number], string>>;

export const terraform: Target = {
  name: "terraform",
  summary: "a host's addresses for Terraform's external data source, which asks for them on stdin",
  help: `\
The query is an object of strings: network, node (not where --zerotier gives it) and,
for sub-prefixes, subnets, names with commas between them, and subnet_length. The
result is an object of strings, too. Whatever is wrong is status 1.`,
  example: `echo '{ "network": "8056c2e21c000001", "node": "89e92ceee5" }' | sixplane config terraform`,
  options: [ZEROTIER],
  async make({ zerotier }) {
    try {
      return { files: [await answer(parseQuery(await text(process.stdin)), zerotier as Folder)] };
    } catch (error) {
      // The protocol has one status for whatever is wrong.
      throw error instanceof InputError ? new Failure(error.message) : error;
    }
  },
};

function parseQuery(json: string): Query {
  const query = parse(json);
  const entries = Object.entries(query).filter(([, value]) => value !== "");
  for (const [key, value] of entries) {
    if (!KEYS.some((known) => known === key))
      throw mismatch("key of the query", "network, node, subnets or subnet_length", key);
    if (typeof value !== "string") throw mismatch(`${key} in the query`, "a string", value);
  }
  return Object.fromEntries(entries);
}

function parse(json: string): object {
  const expected = "a JSON object of strings";
  try {
    const value: unknown = JSON.parse(json);
    if (typeof value === "object" && value !== null && !Array.isArray(value)) return value;
  } catch {
    throw mismatch("the query on stdin", expected, json, "it is not JSON");
  }
  throw mismatch("the query on stdin", expected, json);
}

async function answer(
  { network = "", node, subnets, subnet_length: length }: Query,
  folder: Folder,
): Promise<ConfigFile> {
  const given = await givenHost({
    network: parseNetworkId(network),
    ...(node !== undefined && { node: parseNode(node) }),
    ...(folder !== undefined && { zerotier: folder }),
    ...(subnets !== undefined && { subnet: subnets.split(",") }),
    ...(length !== undefined && { subnetLength: length }),
  });
  warnOfReserved(given.host.node);
  const body = {
    comment: SENTENCE,
    ...valuesOf(given.network, given.host),
    ...Object.fromEntries(given.subnets.map(({ name, prefix }) => [`subnet_${name}`, String(prefix)])),
  } as const;
  const notes = [...given.notes, ...explain(given.network, given.host)] as const;
  return { name: "result.json", syntax: "json", notes: [...notes], body };
}
