import { mismatch } from "sixplane";
import { type Endpoint, formatEndpoint } from "../../../fabric/endpoint.ts";
import { VXLAN_PORT } from "../../../fabric/vxlan.ts";
import { endpointOf } from "../endpoint.ts";
import { parseMtu } from "../mtu.ts";
import { byNode, fieldOf, LIST_HELP, nodesOption, originOf, readNodes } from "../nodes.ts";
import { checkInterface } from "../site.ts";
import { type GivenHost, hostTarget } from "../target.ts";

interface SystemdOptions {
  name: string;
  nodes?: string;
  mtu?: string;
  program: string;
}

/** Where the unit's command reads its peers. */
const PEERS = "/etc/sixplane/peers";
/** What `up` and its child processes may do as root. */
const CAPABILITIES = "CAP_NET_ADMIN CAP_BPF CAP_PERFMON";

export const systemd = hostTarget<SystemdOptions>({
  name: "systemd",
  summary: "a unit that runs sixplane up, and the file of its peers, made of a list",
  help: `\
The files belong below /etc: the unit is systemd/system/sixplane.service, and its peers are
in sixplane/peers. \`systemctl reload sixplane\` reads the peers again. ${LIST_HELP}
Behind the name, endpoint=HOST:PORT is where the node listens. Nodes with an endpoint
become peers, and the host's own is the port that it listens on. Datagrams between them
are neither encrypted nor authenticated.`,
  example: "sixplane config systemd --network 8056c2e21c000001 --node 89e92ceee5",
  subnets: "one",
  files: ["service", "peers"],
  options: [
    nodesOption("a list of the network's nodes"),
    { flags: "--name <name>", description: "the interface's name", usual: "zt0" },
    {
      flags: "--mtu <bytes>",
      description: "the interface's MTU; unless given, up takes what the ways to its peers carry",
    },
    {
      flags: "--program <path>",
      description: "where sixplane is; a name is looked for where systemd looks for programs",
      usual: "sixplane",
    },
  ],
  async write(given, options) {
    const name = checkInterface(options.name);
    const program = checkProgram(options.program);
    const mtu = options.mtu === undefined ? [] : ["--mtu", String(parseMtu(options.mtu))];
    const endpoints = await endpointsIn(given, options.nodes);
    const { network, host } = given;
    const port = endpoints.get(host.node)?.port ?? VXLAN_PORT;
    const words = [
      ...[program, "up", "--network", network.id, "--node", host.node, "--name", name, "--probes"],
      ...[...mtu, "--listen", String(port), "--peers", PEERS],
    ];
    const peers = [...endpoints].map(([node, endpoint]) => `${node}@${formatEndpoint(endpoint)}\n`);
    return {
      files: [
        {
          name: "service",
          path: "systemd/system/sixplane.service",
          syntax: "#",
          notes: [
            ...given.notes,
            "RestartPreventExitStatus 2: wrong options stay wrong",
            `CapabilityBoundingSet ${CAPABILITIES}: for the interface and its programs in the kernel, and nothing else of root`,
          ],
          body: unit(`host ${host.node} of network ${network.id}`, words),
        },
        {
          name: "peers",
          path: "sixplane/peers",
          syntax: "#",
          notes: [
            ...given.notes,
            options.nodes === undefined
              ? "peers: none, as no list was given"
              : `nodes with an endpoint: ${peers.length}, from ${originOf(options.nodes)}; the host itself may be one of them`,
          ],
          body: peers.join(""),
        },
      ],
    };
  },
});

/** The endpoints of a list, by their node addresses. */
async function endpointsIn({ network }: GivenHost, list: string | undefined): Promise<Map<string, Endpoint>> {
  const endpoints = new Map<string, Endpoint>();
  for (const same of list === undefined ? [] : byNode(await readNodes(network, list))) {
    const field = fieldOf(same, "endpoint");
    if (field) endpoints.set(same[0].host.node, endpointOf(network, field.line, field.value, VXLAN_PORT));
  }
  return endpoints;
}

function unit(what: string, words: string[]): string {
  return `\
[Unit]
Description=sixplane up: ${what}
Wants=network-online.target
After=network-online.target

[Service]
Type=exec
ExecStart=${words.join(" ")}
ExecReload=kill -HUP $MAINPID
Restart=on-failure
RestartPreventExitStatus=2
CapabilityBoundingSet=${CAPABILITIES}
NoNewPrivileges=yes
ProtectSystem=strict
ProtectHome=read-only
PrivateTmp=yes

[Install]
WantedBy=multi-user.target
`;
}

/** A word of a command line that systemd takes as it is. */
function checkProgram(path: string): string {
  if (/^[\w.@+/-]+$/.test(path) && !/^[@+-]/.test(path)) return path;
  throw mismatch("program", "a path of letters, digits and . _ - @ + /", path);
}
