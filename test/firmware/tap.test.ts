// The Linux kernel and ndisc6 resolve addresses through the firmware, which has a TAP for its wire.
import { createSocket } from "node:dgram";
import { setTimeout } from "node:timers/promises";
import { afterAll, beforeEach, describe, expect, test } from "vitest";
import { isInstalled } from "../../examples/fabric/namespace.js";
import { folder } from "../support/command.ts";
import { obstacle, run } from "../support/namespace.ts";
import { Machine } from "./machine.ts";
import { make, noChip } from "./tools.ts";

const SELF_MAC = "02:89:e9:30:0c:27";
const OWNER_MAC = "02:de:ad:a2:0d:c3";
const SIXPLANE = "fc9c:56c2:e3de:adbe:ef01::53";
const RFC4193 = "fd80:56c2:e21c:0:199:93de:adbe:ef01";
const OWN = "fc9c:56c2:e389:e92c:eee5::1";

const files = folder();
afterAll(() => files[Symbol.dispose]());

beforeEach(({ skip }) => {
  skip(obstacle !== undefined, obstacle);
  skip(noChip !== undefined, noChip);
});

/** A TAP interface with the addresses of the node that config.c names, and the firmware at its other end. */
async function plugged(name: string, ...words: string[]): Promise<Machine> {
  run("ip", "tuntap", "add", "dev", name, "mode", "tap");
  run("ip", "link", "set", name, "address", SELF_MAC, "up");
  run("ip", "address", "add", `${OWN}/40`, "dev", name, "nodad");
  run("ip", "address", "add", "fd80:56c2:e21c:0:199:9389:e92c:eee5/88", "dev", name, "nodad");
  make(`BUILD=${files.path("build")}`, ...words);
  const engine = words.includes("ENGINE=wasm3") ? "wasm3" : "wasm2c";
  const nic = `tap,ifname=${name},script=no,downscript=no,model=stellaris`;
  return Machine.start(files.path(`build/responder-${engine}/firmware.elf`), ["-nic", nic]);
}

/** What the kernel knows of a neighbour, when it has found it out. */
async function neighbour(address: string, device: string): Promise<string> {
  const socket = createSocket("udp6");
  try {
    socket.send("", 9, address);
    for (let tries = 200; tries > 0; tries--) {
      const known = run("ip", "-6", "neighbour", "show", address, "dev", device);
      if (/lladdr|FAILED/.test(known)) return known;
      await setTimeout(20);
    }
    throw new Error(`the kernel has not looked for ${address}`);
  } finally {
    socket.close();
  }
}

describe.each([
  ["wasm2c", "tap-wasm2c", []],
  ["wasm3", "tap-wasm3", ["ENGINE=wasm3"]],
])("through the core by %s", (_, device, words) => {
  test("the kernel resolves both kinds of address, and none that nobody has", async () => {
    await using machine = await plugged(device, ...words);
    try {
      expect(await neighbour(SIXPLANE, device)).toContain(`lladdr ${OWNER_MAC}`);
      expect(await neighbour(RFC4193, device)).toContain(`lladdr ${OWNER_MAC}`);
      expect(await neighbour("fc9c:56c2:e3ff::1", device)).toContain("FAILED");
      await machine.printed((text) => /replies [1-9]\d*, .*\n$/.test(text));
    } finally {
      run("ip", "link", "delete", device);
    }
  });

  test("ndisc6 resolves both kinds of address", async ({ skip }) => {
    skip(!isInstalled("ndisc6"), "no ndisc6");
    await using _machine = await plugged(device, ...words);
    try {
      for (const address of [SIXPLANE, RFC4193]) {
        expect(run("ndisc6", "-1", "-q", address, device).toLowerCase()).toBe(`${OWNER_MAC}\n`);
      }
    } finally {
      run("ip", "link", "delete", device);
    }
  });
});
