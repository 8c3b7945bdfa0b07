/** A function in a file. */
export interface CallFrame {
  readonly functionName: string;
  readonly url: string;
  /** From 0, as the column. */
  readonly lineNumber?: number;
  readonly columnNumber?: number;
}

/** A V8 CPU profile, as `node --cpu-prof` writes it. */
interface CpuProfile {
  readonly nodes: readonly {
    readonly id: number;
    readonly callFrame: CallFrame;
    readonly children?: readonly number[];
  }[];
  /** Ids of nodes. */
  readonly samples: readonly number[];
  /** Microseconds before each sample. */
  readonly timeDeltas: readonly number[];
}

/** A function or package, and the time spent in it and in what it called of Node. */
export interface CpuPlace {
  readonly place: string;
  readonly seconds: number;
}

/**
 * Where a process spent its time, most first. A sample counts for the innermost function of our own or of a package: what
 * JSON.parse takes is its caller's.
 *
 * @param sourceOf the file that a function was written in; default: the one that holds it
 */
export function cpuPlaces(
  profile: CpuProfile,
  sourceOf: (frame: CallFrame) => string = ({ url }) => url,
): readonly CpuPlace[] {
  const placeOf = placesOfNodes(profile, sourceOf);
  const seconds = new Map<string, number>();
  for (const [index, id] of profile.samples.entries()) {
    const place = placeOf.get(id) ?? "(unknown)";
    seconds.set(place, (seconds.get(place) ?? 0) + (profile.timeDeltas[index] ?? 0) / 1e6);
  }
  return [...seconds]
    .map(([place, time]) => ({ place, seconds: time }))
    .sort((a, b) => b.seconds - a.seconds);
}

function placesOfNodes(
  { nodes }: CpuProfile,
  sourceOf: (frame: CallFrame) => string,
): ReadonlyMap<number, string> {
  const parents = new Map(
    nodes.flatMap(({ id, children = [] }) => children.map((child) => [child, id] as const)),
  );
  const byId = new Map(nodes.map((node) => [node.id, node]));
  const places = new Map<number, string>();
  for (const { id, callFrame } of nodes) {
    let place: string | undefined;
    for (let at: number | undefined = id; at !== undefined && place === undefined; at = parents.get(at)) {
      const frame = byId.get(at)?.callFrame;
      place = frame === undefined ? undefined : ownPlace(sourceOf(frame), frame.functionName);
    }
    // V8's own: (idle), (garbage collector), (program).
    places.set(id, place ?? (callFrame.functionName.startsWith("(") ? callFrame.functionName : "node"));
  }
  return places;
}

function ownPlace(url: string, functionName: string): string | undefined {
  const [, dependency] = /\/node_modules\/((?:@[^/]+\/)?[^/]+)\//.exec(url) ?? [];
  if (dependency !== undefined) return dependency;
  const [, module] = /\/src\/(.+)\.ts$/.exec(url) ?? [];
  return module === undefined ? undefined : `${module} ${functionName || "(anonymous)"}`;
}
