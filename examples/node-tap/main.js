// The smallest host of a network: a TAP interface that answers solicitations, and UDP to one other host.
import { createSocket } from "node:dgram";
import { Network } from "sixplane";
import { openTap } from "sixplane/tap";

const PORT = 9994;
const [id, node, peer, address] = process.argv.slice(2);
if (!id || !node || !peer || !address) {
  console.error("usage: node main.js NETWORK NODE PEER-NODE PEER-IPV4-ADDRESS");
  process.exit(2);
}

const network = new Network(id);
const socket = createSocket("udp4");
const tap = await openTap({
  network: id,
  node,
  // The memory of the frames is used again when this resolves, so it waits until they are sent.
  forward: async (frames) => {
    const sent = Array.from(
      frames,
      (frame) => new Promise((done) => socket.send(frame, PORT, address, done)),
    );
    await Promise.all(sent);
  },
});
socket.on("message", (frame, sender) => {
  if (sender.address === address && network.permitsSource(peer, frame)) tap.inject(frame);
});
socket.bind(PORT);

for (const signal of ["SIGINT", "SIGTERM"]) process.once(signal, () => tap.close());
await Promise.race([tap.usable(), tap.closed]);
console.log(`${tap.name} has ${tap.addresses.join(" and ")}`);
await tap.closed;
socket.close();
