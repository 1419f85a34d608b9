// Hosts in a circle, and what goes between them.

/** A moment of one resolution, or between two. */
export interface Moment {
  /** How many hosts are drawn. */
  hosts: number;
  /** The pairs that know each other already. */
  known: readonly (readonly [number, number])[];
  asker: number;
  target: number;
  /** 0 to 1: the question goes out in the first half, the answer comes back in the second. */
  progress: number;
}

/** Draws the moment as it is with ordinary neighbour discovery: everyone is asked. */
export function drawMulticast(canvas: HTMLCanvasElement, moment: Moment): void {
  const { draw, at, colors } = stage(canvas, moment);
  const { hosts, asker, target, progress } = moment;
  const out = Math.min(1, progress * 2);
  const back = Math.max(0, progress * 2 - 1);
  if (progress > 0 && progress < 1) {
    for (let i = 0; i < hosts; i++) {
      if (i === asker) continue;
      draw.line(at(asker), at(i), colors.question, 1 - back);
      draw.dot(between(at(asker), at(i), out), 3, colors.question);
    }
    if (back > 0) {
      draw.line(at(target), at(asker), colors.answer, 1);
      draw.dot(between(at(target), at(asker), back), 4.5, colors.answer);
    }
  }
  drawHosts(draw, at, moment, colors, progress > 0 ? colors.question : colors.host);
}

/** Draws the same moment with emulation: the asker's own responder answers. */
export function drawEmulation(canvas: HTMLCanvasElement, moment: Moment): void {
  const { draw, at, colors } = stage(canvas, moment);
  if (moment.progress > 0 && moment.progress < 1) {
    const swing = Math.sin(moment.progress * Math.PI);
    draw.ring(at(moment.asker), 7 + 8 * swing, colors.answer);
    draw.ring(at(moment.target), 7 + 8 * swing, colors.answer);
  }
  drawHosts(draw, at, moment, colors, colors.host);
}

type Point = readonly [x: number, y: number];

function stage(canvas: HTMLCanvasElement, { hosts, known }: Moment) {
  const width = canvas.clientWidth;
  const height = canvas.clientHeight;
  const scale = devicePixelRatio;
  canvas.width = Math.round(width * scale);
  canvas.height = Math.round(height * scale);
  const context = canvas.getContext("2d") as CanvasRenderingContext2D;
  context.scale(scale, scale);
  const draw = brush(context);
  const colors = palette(canvas);
  const radius = Math.min(width, height) / 2 - 22;
  const at = (i: number): Point => {
    const angle = (2 * Math.PI * i) / hosts - Math.PI / 2;
    return [width / 2 + radius * Math.cos(angle), height / 2 + radius * Math.sin(angle)];
  };
  for (const [one, other] of known) draw.line(at(one), at(other), colors.known, 0.35);
  return { draw, at, colors };
}

function drawHosts(
  draw: ReturnType<typeof brush>,
  at: (i: number) => Point,
  { hosts, asker, target, progress }: Moment,
  colors: ReturnType<typeof palette>,
  disturbed: string,
): void {
  const isBusy = progress > 0 && progress < 1;
  for (let i = 0; i < hosts; i++) {
    const isOne = isBusy && (i === asker || i === target);
    draw.dot(
      at(i),
      isOne ? 7 : 5,
      isOne ? colors.answer : isBusy && progress > 0.45 ? disturbed : colors.host,
    );
  }
}

function brush(context: CanvasRenderingContext2D) {
  const circle = ([x, y]: Point, radius: number) => {
    context.beginPath();
    context.arc(x, y, radius, 0, 2 * Math.PI);
  };
  return {
    dot(point: Point, radius: number, color: string): void {
      context.fillStyle = color;
      circle(point, radius);
      context.fill();
    },
    ring(point: Point, radius: number, color: string): void {
      context.strokeStyle = color;
      context.lineWidth = 2;
      circle(point, radius);
      context.stroke();
    },
    line([x, y]: Point, [toX, toY]: Point, color: string, opacity: number): void {
      context.globalAlpha = opacity;
      context.strokeStyle = color;
      context.lineWidth = 1;
      context.beginPath();
      context.moveTo(x, y);
      context.lineTo(toX, toY);
      context.stroke();
      context.globalAlpha = 1;
    },
  };
}

function between([x, y]: Point, [toX, toY]: Point, progress: number): Point {
  return [x + (toX - x) * progress, y + (toY - y) * progress];
}

/** The page's colours, which differ by light and dark. */
function palette(canvas: HTMLCanvasElement) {
  const style = getComputedStyle(canvas);
  return {
    host: style.getPropertyValue("--host"),
    question: style.getPropertyValue("--question"),
    answer: style.getPropertyValue("--answer"),
    known: style.getPropertyValue("--known"),
  };
}
