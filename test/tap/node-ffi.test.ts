// Node 26 calls the kernel by itself: a TAP without koffi.

import { createSocket } from "node:dgram";
import { cpSync, mkdirSync } from "node:fs";
import { afterEach, beforeAll, beforeEach, expect, test } from "vitest";
import { nodeOf } from "../runtimes/node.ts";
import { NETWORK, SELF } from "../support/frames.ts";
import {
  expectNoInterface,
  HOST,
  hostWords,
  neighbours,
  Program,
  skipDuplicateDetection,
  until,
} from "../support/kernel.ts";
import { obstacle } from "../support/namespace.ts";
import { installed } from "../support/packed-package.ts";

const TARGETS = ["fc9c:56c2:e3de:adbe:ef01::53", "fd80:56c2:e21c:0:199:93de:adbe:ef01"];
const MAC = "02:de:ad:a2:0d:c3";

beforeAll(() => {
  if (obstacle === undefined) skipDuplicateDetection();
});
beforeEach(({ skip }) => skip(obstacle !== undefined, obstacle));
afterEach(expectNoInterface);

test("the kernel finds neighbours of both kinds, and nothing is left behind", async () => {
  using files = installed();
  mkdirSync(files.path("program"));
  cpSync(HOST, files.path("program/host.js"));
  const [, , options = ""] = hostWords({ network: NETWORK, node: SELF, name: "zt0" });
  await using host = new Program([nodeOf("26"), files.path("program/host.js"), options]);
  await host.printed("zt0");
  const socket = createSocket("udp6");
  try {
    for (const target of TARGETS) {
      socket.send("", 9, target);
      await until(() => neighbours("zt0", target)[0]?.lladdr === MAC, `${target} is a neighbour`);
    }
  } finally {
    socket.close();
  }
  host.child.stdin.end();
  expect(await host.ended).toBe(0);
});
