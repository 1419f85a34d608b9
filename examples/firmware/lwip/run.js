// A wire with the two devices, which QEMU emulates, and Linux, which has a TAP interface. All greet each other.
import { spawn } from "node:child_process";
import { createSocket } from "node:dgram";
import { once } from "node:events";
import { Network } from "sixplane";
import { openTap } from "sixplane/tap";

const HERE = "127.0.0.1";
const NETWORK = "8056c2e21c000001";
const LINUX = "89e92ceee5";
const DEVICES = ["deadbeef01", "1122334455"];
/** How many peers each of them greets. */
const PEERS = [3, 2];
const ECHO_PORT = 7;
const PATIENCE = 30_000;

const images = process.argv.slice(2);
if (images.length !== DEVICES.length) {
  console.error("usage: node run.js FIRST-IMAGE SECOND-IMAGE");
  process.exit(2);
}

const ICMPV6 = 58;
const SOLICITATION = 135;

/** What the wire has carried: questions of Neighbor Discovery that went to all, with a source and from ::. */
const carried = { solicitations: 0, detections: 0 };

/** @param {Uint8Array} frame */
function count(frame) {
  const goesToAll = ((frame[0] ?? 0) & 1) === 1;
  if (!goesToAll || frame[20] !== ICMPV6 || frame[54] !== SOLICITATION) return;
  const hasSource = frame.subarray(22, 38).some((byte) => byte !== 0);
  carried[hasSource ? "solicitations" : "detections"]++;
}

/** A device's cable is a UDP socket at either end. This namespace is nobody else's, so the ports are free. */
const portHere = (/** @type {number} */ n) => 4001 + 2 * n;
const portOfDevice = (/** @type {number} */ n) => 4000 + 2 * n;

/** Starts device n. @param {string} image @param {number} n */
function start(image, n) {
  const nic = `socket,udp=${HERE}:${portHere(n)},localaddr=${HERE}:${portOfDevice(n)},model=stellaris`;
  const words = [
    "-M",
    "lm3s6965evb",
    "-display",
    "none",
    "-monitor",
    "none",
    "-serial",
    "stdio",
    "-nic",
    nic,
  ];
  const machine = spawn("qemu-system-arm", [...words, "-kernel", image]);
  const said = { uart: "", qemu: "" };
  machine.stdout.on("data", (text) => (said.uart += text));
  machine.stderr.on("data", (text) => (said.qemu += text));
  return { machine, said };
}

const network = new Network(NETWORK);
const cables = DEVICES.map((_, n) => createSocket("udp4").bind(portHere(n), HERE));

/** Carries a frame to all devices but the one that it came from. @param {Uint8Array} frame @param {number} [from] */
function carry(frame, from) {
  count(frame);
  for (const [n, cable] of cables.entries()) if (n !== from) cable.send(frame, portOfDevice(n), HERE);
}

const tap = await openTap({
  network: NETWORK,
  node: LINUX,
  // Copies, as the memory of the frames is used again.
  forward: (frames) => {
    for (const frame of frames) carry(frame.slice());
  },
});
for (const [n, cable] of cables.entries()) {
  cable.on("message", (frame) => {
    carry(frame, n);
    tap.inject(frame);
  });
}
await tap.usable();

const host = network.host(LINUX);
for (const address of [host.sixplane.address, host.rfc4193.address]) {
  const server = createSocket("udp6");
  server.bind(ECHO_PORT, address);
  server.on("message", (message, sender) => server.send(message, sender.port, sender.address));
}

/** Greets an address, again and again, until it echoes. @param {string} address */
async function greet(address) {
  const socket = createSocket("udp6");
  const timer = setInterval(() => socket.send("a greeting", ECHO_PORT, address), 200);
  await once(socket, "message");
  clearInterval(timer);
  socket.close();
  return address;
}

/**
 * Waits until a device has heard all peers that it greets, which it writes to its UART.
 *
 * @param {ReturnType<typeof start>} device
 * @param {number} peers
 */
async function heard({ machine, said }, peers) {
  const lines = () => said.uart.split("\n").filter((line) => line.endsWith(" echoes"));
  while (lines().length < peers) {
    if (machine.exitCode !== null || machine.signalCode !== null) throw new Error(said.uart + said.qemu);
    await Promise.race([once(machine.stdout, "data"), once(machine, "exit")]);
  }
  return lines()
    .map((line) => line.replace(" echoes", ""))
    .sort();
}

const devices = images.map(start);
const stop = () => {
  for (const { machine } of devices) machine.kill();
};
const timer = setTimeout(() => {
  console.error(`not all has been echoed within ${PATIENCE / 1000} s`);
  process.exitCode = 1;
  stop();
}, PATIENCE);
try {
  const addresses = DEVICES.map((node) => network.host(node)).flatMap((device) => [
    device.sixplane.address,
    device.rfc4193.address,
  ]);
  const results = await Promise.all([
    Promise.all(addresses.map(greet)),
    ...devices.map((device, n) => heard(device, PEERS[n] ?? 0)),
  ]);
  for (const [n, name] of ["Linux", "the first device", "the second device"].entries())
    console.log(`${name} is echoed by\n  ${results[n]?.join("\n  ")}`);
  console.log(
    `${carried.solicitations} solicitations on the wire, and ${carried.detections} to detect duplicates`,
  );
} finally {
  clearTimeout(timer);
  stop();
  await tap.close();
  process.exit();
}
