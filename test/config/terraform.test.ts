// Terraform's part of the protocol of its external data source, played by the test.
import { writeFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { folder, sixplane } from "../support/command.ts";
import { NETWORK, SELF } from "../support/frames.ts";
import { IDENTITY } from "../support/zerotier.ts";
import { runPage } from "./page.ts";

/** What Terraform does with `query`: an object of strings, for which it wants one of strings, or an error. */
async function read(query: Record<string, string>, ...words: string[]): Promise<Record<string, string>> {
  const { status, stdout, stderr } = await sixplane(["config", "terraform", ...words], JSON.stringify(query));
  if (status !== 0) throw new Error(`status ${status}: ${stderr}`);
  const result: Record<string, unknown> = JSON.parse(stdout);
  for (const value of Object.values(result)) expect(value).toBeTypeOf("string");
  return result as Record<string, string>;
}

const RESULT = {
  network_id: NETWORK,
  node_address: SELF,
  mac: "02:89:e9:30:0c:27",
  sixplane_address: "fc9c:56c2:e389:e92c:eee5::1",
  sixplane_host_prefix: "fc9c:56c2:e389:e92c:eee5::/80",
  sixplane_network_prefix: "fc9c:56c2:e300::/40",
  rfc4193_address: "fd80:56c2:e21c:0:199:9389:e92c:eee5",
  rfc4193_network_prefix: "fd80:56c2:e21c:0:199:9300::/88",
};

describe("sixplane config terraform", () => {
  test("answers a query", async () => {
    const { comment, ...result } = await read({ network: NETWORK, node: SELF });
    expect(result).toEqual(RESULT);
    for (const value of Object.values(RESULT)) expect(comment).toContain(` ${value}: `);
  });

  test("takes null, which Terraform makes an empty string, for nothing", async () => {
    const { comment, ...result } = await read({
      network: NETWORK,
      node: SELF,
      subnets: "",
      subnet_length: "",
    });
    expect(result).toEqual(RESULT);
  });

  test("has the sub-prefixes of the names", async () => {
    const query = { network: NETWORK, node: SELF, subnets: "web,a-b.c" };
    expect(await read(query)).toMatchObject({
      ...RESULT,
      subnet_web: "fc9c:56c2:e389:e92c:eee5:d3eb::/96",
      "subnet_a-b.c": "fc9c:56c2:e389:e92c:eee5:6ef5::/96",
    });
    const { subnet_web } = await read({ ...query, subnet_length: "88" });
    expect(subnet_web).toMatch(/^fc9c:56c2:e389:e92c:eee5:[0-9a-f]+00::\/88$/);
  });

  test("takes the IDs that people paste", async () => {
    const { comment, ...result } = await read({
      network: "8056c2e2-1c000001",
      node: `0x${SELF.toUpperCase()}`,
    });
    expect(result).toEqual(RESULT);
  });

  test("takes the node address from ZeroTier's folder, where the program is told to", async () => {
    using files = folder();
    writeFileSync(files.path("identity.public"), IDENTITY);
    const { comment, ...result } = await read({ network: NETWORK }, "--zerotier", files.path(""));
    expect(result).toEqual(RESULT);
  });

  test("says on stderr where a node address is reserved, and answers", async () => {
    const query = JSON.stringify({ network: NETWORK, node: "ff00000001" });
    const { status, stderr } = await sixplane(["config", "terraform"], query);
    expect([status, stderr]).toEqual([0, "sixplane: ff00000001 is reserved: ZeroTier gives it to no node\n"]);
  });

  const OBJECT = "the query on stdin must be a JSON object of strings, got";

  test.each([
    ["", `${OBJECT} "" (0): it is not JSON`],
    ["{", `${OBJECT} "{" (1): it is not JSON`],
    ["[]", `${OBJECT} "[]" (2)`],
    ["null", `${OBJECT} "null" (4)`],
    ['"x"', `${OBJECT} "\\"x\\"" (3)`],
    ["{}", 'network ID must be 16 hex digits, got "" (0)'],
    [{ network: NETWORK }, "give a node address, or --zerotier to take it from ZeroTier's folder"],
    [{ network: NETWORK, node: 89 }, "node in the query must be a string, got 89"],
    [{ network: NETWORK, node: null }, "node in the query must be a string, got null"],
    [
      { network: NETWORK, nodes: SELF },
      'key of the query must be network, node, subnets or subnet_length, got "nodes" (5)',
    ],
    [{ network: NETWORK, node: "x" }, 'node address must be 10 hex digits, got "x" (1)'],
    [
      { network: NETWORK, node: SELF, subnets: "a,b", subnet_length: "81" },
      'the sub-prefixes "a" and "b" would both be fc9c:56c2:e389:e92c:eee5:8000::/81: rename one, or make all longer',
    ],
  ])("says on stderr what is wrong with %j, with status 1", async (query, sentence) => {
    const input = typeof query === "string" ? query : JSON.stringify(query);
    const expected = { status: 1, stdout: "", stderr: `sixplane: ${sentence}\n` };
    expect(await sixplane(["config", "terraform"], input)).toEqual(expected);
  });

  test("has a page whose commands do what it shows", (context) => {
    runPage("terraform", context);
  });
});
