// What --zerotier says of a network that the host cannot use, by recorded answers of the real service: see test/cli/recorded.
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { folder, sixplane } from "../support/command.ts";
import { obstacle, run } from "../support/namespace.ts";
import { answers, IDENTITY, startService } from "../support/zerotier.ts";

const ID = "f9e806af34000001";
const NODE = "e942a33557";
const PREFIX = "fccd:e806:aee9:42a3:3557::/80";
const OWN_IDENTITY = `${NODE}${IDENTITY.slice(NODE.length)}`;

const recorded = (state: string, what: "status" | "networks") =>
  JSON.parse(readFileSync(new URL(`../cli/recorded/${state}.${what}.json`, import.meta.url), "utf8"));

/** A service that answers as recorded, or with the first of the networks changed, and the folder of that node. */
async function service(state: string, change?: (first: Record<string, unknown>) => object[]) {
  const networks = recorded(state, "networks");
  const zerotier = await startService(answers(recorded(state, "status"), change?.(networks[0]) ?? networks));
  writeFileSync(zerotier.path("identity.public"), OWN_IDENTITY);
  return zerotier;
}

const facts = (...words: string[]) => sixplane(["config", "facts", ...words]);

describe("sixplane config with --zerotier", () => {
  test.each([
    ["ok", ID, ""],
    ["unmanaged", ID, `allowManaged is off, so no address is set: run zerotier-cli set ${ID} allowManaged=1`],
    [
      "only-rfc4193",
      ID,
      "its controller assigns no 6PLANE address to this node: switch 6PLANE on at the controller",
    ],
    ["denied", ID, `node ${NODE} is not authorised yet, which is up to the network's controller`],
    [
      "adhoc-reversed",
      "ff00170016000000",
      "it is an ad-hoc ID whose end port, 22, is below its start port, 23: no such network can be",
    ],
    ["ok", "8056c2e21c000001", "this machine has not joined it: run zerotier-cli join 8056c2e21c000001"],
    ["no-tun", ID, `this machine has not joined it: run zerotier-cli join ${ID}`],
  ])("says of the state %s of network %s: %j", async (state, id, why) => {
    await using zerotier = await service(state);
    const { status, stdout, stderr } = await facts("--network", id, "--zerotier", zerotier.folder);
    expect([status, stderr]).toEqual([0, why && `sixplane: network ${id}: ${why}\n`]);
    expect(JSON.parse(stdout).sixplane).toMatchObject({ network_id: id, node_address: NODE });
  });

  test("needs no --network where one is joined, and says so", async () => {
    await using zerotier = await service("ok", (first) => [first]);
    const { status, stdout, stderr } = await facts("--zerotier", zerotier.folder);
    expect([status, stderr]).toEqual([0, ""]);
    const { comment, ...values } = JSON.parse(stdout).sixplane;
    expect(values).toMatchObject({ network_id: ID, sixplane_host_prefix: PREFIX });
    expect(comment).toContain(`network ID ${ID}: the only one that this machine has joined`);
  });

  test("asks for --network where none is joined, or more than one", async () => {
    await using several = await service("ok");
    const ids = recorded("ok", "networks").map(({ id }: { id: string }) => id);
    expect(ids.length).toBeGreaterThan(1);
    expect(await facts("--zerotier", several.folder)).toEqual(
      refusal(`give --network, as this machine has joined ${ids.length}: ${ids.join(", ")}`),
    );
    await using none = await service("no-tun");
    expect(await facts("--zerotier", none.folder)).toEqual(
      refusal("give --network, as this machine has joined no network"),
    );
  });

  test("takes what the folder has joined where no service has run, as in a copy, without a warning", async () => {
    using files = folder();
    writeFileSync(files.path("identity.public"), OWN_IDENTITY);
    mkdirSync(files.path("networks.d"));
    writeFileSync(files.path(`networks.d/${ID}.conf`), "");
    const { status, stdout, stderr } = await facts("--zerotier", files.path(""));
    expect([status, stderr]).toEqual([0, ""]);
    expect(JSON.parse(stdout).sixplane.network_id).toBe(ID);
  });

  test("says that nothing was checked where the service does not answer", async () => {
    const zerotier = await service("ok");
    const { folder: path, server } = zerotier;
    await new Promise((resolve) => server.close(resolve));
    const { status, stderr } = await facts("--network", ID, "--zerotier", path);
    expect(status).toBe(0);
    expect(stderr).toMatch(
      /^sixplane: what is written is not checked against the network's state: ZeroTier's service does not run: /,
    );
  });

  test("takes the MTU of the network, where the service has one that may be", async () => {
    for (const [mtu, written] of [
      [1400, 1400],
      [2800, 2800],
      [1279, 2800],
      ["9\nx", 2800],
    ] as const) {
      await using zerotier = await service("ok", (first) => [{ ...first, mtu }]);
      const config = async (...words: string[]) =>
        (await sixplane(["config", ...words, "--zerotier", zerotier.folder])).stdout;
      const [cni, other, docker, lxd, libvirt, networkd, nspawn] = await Promise.all([
        config("cni").then(JSON.parse),
        config("cni", "--mtu", "1500").then(JSON.parse),
        config("docker", "--open").then(JSON.parse),
        config("lxd"),
        config("libvirt"),
        config("networkd", "--file", "bridge.network"),
        config("nspawn", "--machine", "web", "--file", "port.network"),
      ]);
      expect([cni.plugins[0].mtu, other.plugins[0].mtu, docker.mtu]).toEqual([written, 1500, written]);
      expect(lxd).toContain(`\n  bridge.mtu: "${written}"\n`);
      expect(libvirt).toContain(`\n  <mtu size="${written}"/>\n`);
      for (const file of [networkd, nspawn]) expect(file).toContain(`\nMTUBytes=${written}\n`);
    }
  });

  test("finds the interfaces by whose routers the kernel has a default route", async ({ skip }) => {
    skip(obstacle !== undefined, obstacle);
    await using zerotier = await service("ok", (first) => [first]);
    const settings = async () => {
      const words = ["config", "networkd", "--zerotier", zerotier.folder, "--file", "sysctl.conf"];
      return (await sixplane(words)).stdout;
    };
    run("ip", "link", "add", "taught", "type", "veth", "peer", "name", "far");
    try {
      for (const name of ["taught", "far"]) run("ip", "link", "set", name, "up");
      run(
        "ip",
        "-6",
        "route",
        "add",
        "default",
        "via",
        "fe80::1",
        "dev",
        "taught",
        "proto",
        "ra",
        "metric",
        "9",
      );
      expect(await settings()).toMatch(
        /^net\/ipv6\/conf\/taught\/accept_ra = 2\nnet.ipv6.conf.all.forwarding = 1$/m,
      );
      run("sysctl", "-qw", "net.ipv6.conf.taught.accept_ra=0"); // a program takes them
      expect(await settings()).not.toContain("taught");
    } finally {
      run("ip", "link", "delete", "taught");
    }
  });
});

function refusal(sentence: string) {
  return { status: 2, stdout: "", stderr: `sixplane: ${sentence}\n` };
}
