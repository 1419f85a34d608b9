#!/usr/bin/env node
import { readFileSync } from "node:fs";
import { Argument, Command, CommanderError, Option } from "commander";
import { SixplaneError } from "sixplane";
import { type AddressOptions, address } from "./commands/address.ts";
import { adhoc } from "./commands/adhoc.ts";
import { type AnswerOptions, answer } from "./commands/answer.ts";
import { type AttachOptions, attach } from "./commands/attach.ts";
import { addCompletion } from "./commands/completion.ts";
import { addConfig } from "./commands/config.ts";
import { type DoctorOptions, doctor } from "./commands/doctor.ts";
import { type EmitOptions, emit, FORMAT_NAMES, RUNTIMES, variants } from "./commands/emit.ts";
import { addHelp } from "./commands/help.ts";
import { GUARD_COMMAND, guardInterface } from "./commands/interface-guard.ts";
import { owner } from "./commands/owner.ts";
import { counters, detach } from "./commands/pin.ts";
import { type StatusOptions, status } from "./commands/status.ts";
import { type UpOptions, up } from "./commands/up.ts";
import { BAD_INPUT, statusOf } from "./io/failure.ts";
import {
  findIdentifiers,
  type Identifiers,
  NETWORK_WORD,
  NODE_WORD,
  networkOf,
  parseNode,
  refuseMore,
} from "./io/identifiers.ts";
import { Output } from "./io/output.ts";
import { inOneSentence } from "./io/suggestion.ts";
import { warn } from "./io/text.ts";
import { usualFolder } from "./zerotier/identity.ts";
import { zerotierOption } from "./zerotier/option.ts";

const DONE = 0;

const BOTH_MODES = "6plane,rfc4193";
const MODES = ["6plane", "rfc4193", BOTH_MODES];

interface Json {
  json?: boolean;
}

function commands(output: Output): Command {
  const program = new Command("sixplane")
    .description("ZeroTier's 6PLANE and RFC 4193 addressing, and the answers to solicitations for it.")
    .version(version())
    .configureOutput({ outputError: (text) => warn(inOneSentence(text)) })
    .exitOverride();

  addIdentifiers(program.command("address"), { node: true })
    .description(
      "the addresses, prefixes and MAC of a node on a network; - for the node reads a list from stdin",
    )
    .option("--json", "print JSON")
    .addHelpText("after", "\nExample:\n  sixplane address 8056c2e21c000001 89e92ceee5")
    .action(withIdentifiers((given, options: AddressOptions) => address(output, given, options)));

  addIdentifiers(program.command("owner"), { node: false })
    .description("the node of a network that an IPv6 address or a MAC belongs to")
    .argument("[address-or-mac]", "an IPv6 address, its name in ip6.arpa, a MAC, or - for a list on stdin")
    .usage("[options] [network] <address-or-mac>")
    .option("--json", "print JSON")
    .addHelpText("after", "\nExample:\n  sixplane owner 8056c2e21c000001 fc9c:56c2:e3de:adbe:ef01::53")
    .action(withIdentifiers((given, { json }: Json) => owner(output, given, json)));

  addIdentifiers(program.command("answer"), { node: true })
    .description("what the responder of a host says to each frame of a capture")
    .argument("[capture]", "a pcap or pcapng file, plain or in gzip, or - for stdin")
    .usage("[options] [network] [node] <capture>")
    .addOption(offering("--modes <list>", "the kinds of address to answer for", MODES).default(BOTH_MODES))
    .option("--probes", "answer unicast reachability probes, too")
    .option(
      "-o, --output <file>",
      "write the replies to a pcap file; with - to stdout, and the lines to stderr",
    )
    .option("--json", "print a JSON object per frame")
    .addHelpText(
      "after",
      "\nExample:\n  sixplane answer --network 8056c2e279e6f8f0 --node 89e92ceee5 capture.pcap -o replies.pcap",
    )
    .action(withIdentifiers((given, options: AnswerOptions) => answer(output, given, options)));

  program
    .command("adhoc")
    .description("the network of a port range, which runs without a controller, or the ports of its ID")
    .argument("<start-port>", "first port, 0 to 65535, a range such as 7000-7999, or a network ID")
    .argument("[end-port]", "last port, not below the first; unless given, the first is the only one")
    .option("--json", "print JSON")
    .addHelpText("after", "\nExample:\n  sixplane adhoc 7000 7999")
    .action((first: string, end: string | undefined, { json }: Json) => adhoc(output, first, end, json));

  program
    .command("status")
    .description("this machine's ZeroTier node, and its addresses on every network that it has joined")
    .option("--zerotier <folder>", `ZeroTier's folder, where it is not ${usualFolder()}`)
    .option("--json", "print JSON")
    .addHelpText("after", "\nExample:\n  sixplane status")
    .action((options: StatusOptions) => status(output, options));

  addIdentifiers(program.command("doctor"), { node: false })
    .description(
      "what is wrong with this host and its networks, or one of them, why it hurts, and the command that mends it",
    )
    .option("--zerotier [folder]", `ZeroTier's folder, where it is not ${usualFolder()}`)
    .option("--probe <node>", "ping a node, or the container of one by its address, and say which leg fails")
    .option("--fix", "print a script that mends what was found; nothing is run")
    .option("--json", "print JSON")
    .addHelpText("after", "\nExample:\n  sixplane doctor 8056c2e21c000001")
    .action(
      withIdentifiers((given, { zerotier: _, ...options }: DoctorOptions) => {
        refuseMore(given);
        const { network, zerotier } = given;
        return doctor(output, network, typeof zerotier === "string" ? { ...options, zerotier } : options);
      }),
    );

  addConfig(program, output);

  program
    .command("emit")
    .description(
      "write a build of the core out: for firmware as a module, a C array of it or C, for Linux as eBPF",
    )
    .addArgument(variantArgument())
    .addOption(
      offering(
        "--format <format>",
        "wasm, header (a C array, as wasm3 has it), c (ready-made C, every access checked), c-flat (C for 32-bit chips, " +
          "in whose memory record and frame stay where they are, unchecked), ebpf (an object for bpftool and libbpf, " +
          "and the raw instructions), or ebpf-listing (WebAssembly beside eBPF)",
        FORMAT_NAMES,
      ).default("c"),
    )
    .addOption(
      offering(
        "--for <runtime>",
        "wamr, which backs 4 KiB of the module's page in place of 64; wasm or header",
        RUNTIMES,
      ),
    )
    .option(
      "-o, --output <folder>",
      "the folder to write to, which is made where there is none; - for stdout",
    )
    .option("--force", "replace files that are there and differ")
    .option("--json", "print JSON")
    .addHelpText("after", "\nExample:\n  sixplane emit responder --format c -o src")
    .action((variant: string, options: EmitOptions) => emit(output, variant, options));

  addIdentifiers(program.command("attach"), { node: true })
    .description(
      "have the Linux kernel itself answer on an Ethernet interface that is there, by eBPF, as root",
    )
    .argument("[interface]", "the interface's name, as in vxlan0")
    .usage("[options] <interface> [network] [node]")
    .addOption(
      offering("--modes <list>", "the kinds of address to have, and to answer for", MODES).default(
        BOTH_MODES,
      ),
    )
    .option("--probes", "answer unicast reachability probes, too: for hosts that route to containers")
    .option("--no-setup", "leave the interface's MAC, addresses and settings as they are")
    .option("--accept-routers", "obey Router Advertisements that come in there")
    .option("--pin", "end at once, and let it stay until `sixplane detach`")
    .option("--json", "print a JSON object when ready, every second, and at the end")
    .addHelpText("after", "\nExample:\n  sixplane attach vxlan0 --network 8056c2e21c000001 --node 89e92ceee5")
    .action(withIdentifiers((given, options: AttachOptions) => attach(output, given, options)));

  program
    .command("counters")
    .description("print what has happened to the frames of interfaces to which `attach --pin` attached")
    .argument("[interface]", "the interface's name; without it, all of them")
    .option("--json", "print a JSON object for each")
    .addHelpText("after", "\nExample:\n  sixplane counters vxlan0")
    .action((name: string | undefined, options: Json) => counters(output, name, options));

  program
    .command("detach")
    .description("end what `attach --pin` has begun, and put the interface back as it was")
    .argument("<interface>", "the interface's name")
    .addHelpText("after", "\nExample:\n  sixplane detach vxlan0")
    .action((name: string) => detach(output, name));

  program.command(GUARD_COMMAND, { hidden: true }).action(guardInterface);

  addIdentifiers(program.command("up"), { node: true })
    .description(
      "run a host of a network in the foreground: an interface, its responder, and VXLAN to other hosts",
    )
    .option("--name <name>", "the interface's name; a %d becomes the first number that is free", "zt%d")
    .addOption(
      offering("--modes <list>", "the kinds of address to have, and to answer for", MODES).default(
        BOTH_MODES,
      ),
    )
    .option("--probes", "answer unicast reachability probes, too: for hosts that route to containers")
    .addOption(
      new Option("--multicast <policy>", "what becomes of multicast and broadcast that is not answered")
        .choices(["forward", "drop"])
        .default("forward"),
    )
    .option("--accept-routers", "obey Router Advertisements that peers send")
    .option("--rate <number>", "how many solicitations to answer in a second at most; without it, all")
    .option(
      "--mtu <bytes>",
      "the interface's MTU (by default what the ways to the peers carry, at most 2800)",
    )
    .addOption(
      new Option("--peer <node@host:port>", "another host, and where it listens; may be repeated")
        .argParser(appendPeer)
        .default([], "none"),
    )
    .option(
      "--peers <file>",
      "a file with other hosts, node@host:port in each line, read again on SIGHUP; # starts a comment",
    )
    .option("--listen <host:port>", "where to listen: a port, an address, or both", "[::]:4789")
    .addOption(
      new Option(
        "--datapath <kind>",
        "what carries the frames (by default the kernel, where it can)",
      ).choices(["kernel", "tap"]),
    )
    .option("--json", "print a JSON object when ready, every second, and at the end")
    .addHelpText("after", UP_EXAMPLE)
    .action(
      withIdentifiers((given, options: UpOptions) => {
        refuseMore(given);
        const { rest, takesNode, ...identifiers } = given;
        return up(output, { ...options, ...identifiers, network: networkOf(given) });
      }),
    );

  addCompletion(program, output);
  addHelp(program);
  return program;
}

const UP_EXAMPLE = `
What goes to peers is VXLAN (RFC 7348) over UDP, neither encrypted nor authenticated. Routers may fragment the
datagrams over IPv4. Over IPv6, those larger than the underlay's MTU go in fragments of 1,280 bytes.

Example:
  sixplane up --network 8056c2e21c000001 --node 89e92ceee5 --peer deadbeef01@192.0.2.1:4789`;

/** Adds the words and options by which a command is told of a network, and of a node where it takes one. */
function addIdentifiers(command: Command, { node }: { node: boolean }): Command {
  command.argument("[network]", NETWORK_WORD).option("--network <id>", "network ID, 16 hex digits");
  if (!node) return command;
  return command
    .argument("[node]", NODE_WORD)
    .option("--node <address>", "node address, 10 hex digits")
    .addOption(zerotierOption());
}

/** The action of a command that has them. */
function withIdentifiers<Options>(run: (given: Identifiers, options: Options) => Promise<void>) {
  return (...words: unknown[]): Promise<void> => {
    const command = words.at(-1) as Command;
    const takesNode = command.options.some(({ long }) => long === "--node");
    return run(findIdentifiers(command.args, command.opts(), takesNode), command.opts() as Options);
  };
}

/** An option whose values the help and the shell's completion list; its command itself refuses others. */
function offering(flags: string, description: string, values: readonly string[]): Option {
  return Object.assign(new Option(flags, description), { argChoices: [...values] });
}

function variantArgument(): Argument {
  return Object.assign(new Argument("<variant>", "the build"), { argChoices: variants() });
}

function appendPeer(peer: string, before: string[]): string[] {
  return [...before, peer.replace(/^[^@]+(?=@)/, parseNode)];
}

function version(): string {
  return JSON.parse(readFileSync(new URL("../package.json", import.meta.url), "utf8")).version;
}

/** Says what went wrong, where that has not been said, and gives the exit status. */
function report(error: unknown): number {
  if (error instanceof CommanderError) return error.exitCode === 0 ? DONE : BAD_INPUT;
  if (!(error instanceof SixplaneError)) throw error;
  warn(error.message);
  return statusOf(error);
}

try {
  const output = new Output();
  await commands(output).parseAsync();
  await output.finish();
} catch (error) {
  process.exitCode = report(error);
}
