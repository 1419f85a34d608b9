// The part of the page that lets hosts resolve each other.
import { byId, fill, grouped, refuse } from "../page/elements.ts";
import type { Fragment, State } from "../page/state.ts";
import { count, countAll } from "./counts.ts";
import { drawEmulation, drawMulticast, type Moment } from "./drawing.ts";
import { AskingHosts, MOST_DRAWN } from "./hosts.ts";

const LEAST = 2;
const MOST = 1_000_000;
const STEP_MILLISECONDS = 900;

/** The slider's positions; between them the number of hosts grows by a constant factor. */
const POSITIONS = 1000;

const slider = byId<HTMLInputElement>("hosts-slider");
const field = byId<HTMLInputElement>("hosts");
const playButton = byId<HTMLButtonElement>("play");
const multicast = byId<HTMLCanvasElement>("multicast");
const emulation = byId<HTMLCanvasElement>("emulation");
const calm = matchMedia("(prefers-reduced-motion: reduce)");

/** Made once they are needed: each has a page of memory for its responder. */
let asking: AskingHosts | undefined;
let hosts = 0;
/** The pairs of hosts that are drawn, in the order in which they resolve each other. */
let pairs: (readonly [number, number])[] = [];
let done = 0;
let answered = 0;
let progress = 0;
let playing = !calm.matches;
let isShown = false;
/** What the next picture waits for. */
let frame = 0;
let last = 0;

export function startFabric(fragment: Fragment): void {
  slider.addEventListener("input", () => change(hostsAt(Number(slider.value))));
  slider.addEventListener("change", () => fragment.set({ hosts: String(hosts) }));
  field.addEventListener("input", () => fragment.set({ hosts: field.value.trim() }));
  playButton.addEventListener("click", () => {
    if (done === pairs.length) restart();
    play(!playing);
  });
  byId("step").addEventListener("click", () => {
    play(false);
    if (done === pairs.length) restart();
    resolve();
  });
  document.addEventListener("visibilitychange", animate);
  new ResizeObserver(draw).observe(multicast);
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", draw);
}

export function showFabric(state: State): void {
  isShown = true;
  fill(field, state.hosts);
  const given = /^\d{1,7}$/.test(state.hosts) ? Number(state.hosts) : 0;
  const isGood = given >= LEAST && given <= MOST;
  const got = JSON.stringify(state.hosts);
  refuse(field, isGood ? "" : `hosts must be a whole number from 2 to 1000000, got ${got}`);
  if (isGood) change(given);
  animate();
}

/** Lets everything rest until the fabric is shown again. */
export function pauseFabric(): void {
  isShown = false;
  animate();
}

function hostsAt(position: number): number {
  return Math.round(LEAST * (MOST / LEAST) ** (position / POSITIONS));
}

function positionOf(number: number): number {
  return Math.round((POSITIONS * Math.log(number / LEAST)) / Math.log(MOST / LEAST));
}

function change(to: number): void {
  if (to === hosts) return;
  hosts = to;
  fill(field, String(hosts));
  if (hostsAt(Number(slider.value)) !== hosts) slider.value = String(positionOf(hosts));
  slider.setAttribute("aria-valuetext", `${grouped(hosts)} hosts`);
  restart();
  showTotals();
}

function restart(): void {
  const drawn = Math.min(hosts, MOST_DRAWN);
  pairs = [];
  for (let apart = 1; apart <= drawn / 2; apart++) {
    const around = apart === drawn / 2 ? apart : drawn;
    for (let i = 0; i < around; i++) pairs.push([i, (i + apart) % drawn]);
  }
  pairs = spread(pairs);
  done = 0;
  answered = 0;
  progress = 0;
  byId("drawn").textContent =
    hosts > drawn
      ? `${drawn} of the ${grouped(hosts)} hosts are drawn. What they send is counted for all: each question goes to the ${grouped(hosts - 1)} others.`
      : `All ${drawn} hosts are drawn.`;
  showCounts();
  draw();
  animate();
}

/** The same in an order that jumps about: by the fractional parts of multiples of the golden ratio. */
function spread<Type>(items: Type[]): Type[] {
  const GOLDEN = (Math.sqrt(5) - 1) / 2;
  const keyed = items.map((item, i) => ({ item, key: (i * GOLDEN) % 1 }));
  return keyed.sort((one, other) => one.key - other.key).map(({ item }) => item);
}

function play(on: boolean): void {
  playing = on;
  animate();
}

/** Goes on, where it is to be seen and not paused; else nothing runs. */
function animate(): void {
  const isDone = done === pairs.length;
  playButton.textContent = isDone ? "Start again" : playing ? "Pause" : "Play";
  const goesOn = playing && isShown && !document.hidden && !isDone;
  if (!goesOn) {
    cancelAnimationFrame(frame);
    frame = 0;
  } else if (frame === 0) {
    last = 0;
    frame = requestAnimationFrame(advance);
  }
}

function advance(now: number): void {
  frame = requestAnimationFrame(advance);
  const passed = last === 0 ? 0 : Math.min(100, now - last);
  last = now;
  progress += passed / STEP_MILLISECONDS;
  if (progress >= 1) resolve();
  else if (!calm.matches) draw();
}

/** One pair is through: it is counted, and the next one's turn. */
function resolve(): void {
  const pair = pairs[done];
  if (!pair) return;
  asking ??= new AskingHosts();
  answered += asking.resolve(...pair);
  done++;
  progress = 0;
  showCounts();
  draw();
  if (done === pairs.length) play(false);
}

function draw(): void {
  if (!isShown) return;
  const [asker, target] = pairs[done] ?? [0, 1];
  const drawn = Math.min(hosts, MOST_DRAWN);
  const moment: Moment = { hosts: drawn, known: pairs.slice(0, done), asker, target, progress };
  drawMulticast(multicast, moment);
  drawEmulation(emulation, moment);
}

function showCounts(): void {
  const { frames, questions, answers } = count(hosts, BigInt(done));
  byId("pairs").textContent = `${grouped(done)} of ${grouped(pairs.length)} pairs drawn`;
  byId("multicast-frames").textContent = grouped(frames);
  byId("multicast-split").textContent = `${grouped(questions)} questions, ${grouped(answers)} answers`;
  byId("emulation-split").textContent =
    `${grouped(answered)} answers on the spot, made by the core in this page`;
}

function showTotals(): void {
  const { pairs: all, questions, answers, frames, bytes, emulated } = countAll(hosts);
  byId("totals-title").textContent = `Until all ${grouped(hosts)} hosts know each other`;
  const numbers = { pairs: all, questions, answers, frames, bytes, emulated };
  for (const [name, number] of Object.entries(numbers)) byId(`total-${name}`).textContent = grouped(number);
}
