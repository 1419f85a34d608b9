// The smallest host of a network: a TAP interface that answers solicitations, and UDP to one other host.
import { Network } from "sixplane";
import { openTap } from "sixplane/tap";

const PORT = 9994;
const [id, node, peer, hostname] = Deno.args;
if (!id || !node || !peer || !hostname) {
  console.error("usage: deno run main.ts NETWORK NODE PEER-NODE PEER-IPV4-ADDRESS");
  Deno.exit(2);
}

const network = new Network(id);
const socket = Deno.listenDatagram({ transport: "udp", hostname: "0.0.0.0", port: PORT });
const tap = await openTap({
  network: id,
  node,
  // The memory of the frames is used again when this resolves, so it waits until they are sent.
  forward: async (frames) => {
    for (const frame of frames) await socket.send(frame, { transport: "udp", hostname, port: PORT });
  },
});

for (const signal of ["SIGINT", "SIGTERM"] as const) Deno.addSignalListener(signal, () => tap.close());
tap.closed.finally(() => socket.close());
await Promise.race([tap.usable(), tap.closed]);
console.log(`${tap.name} has ${tap.addresses.join(" and ")}`);
for await (const [frame, sender] of socket) {
  const isPeer = "hostname" in sender && sender.hostname === hostname;
  if (isPeer && network.permitsSource(peer, frame)) tap.inject(frame);
}
Deno.exit();
