// AssemblyScript. The rows whose fingerprints are known, found by open addressing.

/** Fingerprint (16 bytes), how often it has come (4 bytes), and at which position last (4 bytes). */
const ROW: usize = 24;
/** The number of a row plus one. */
const SLOT: usize = 4;
const EMPTY: u32 = 0;
/** Marks a slot whose fingerprint more than one row has. */
const AMBIGUOUS: u32 = 0x80000000;

let rows: usize = 0;
let slots: usize = 0;
let slotCount: usize = 0;

/** Takes the rows that the host has written, and the slots behind them, which are empty. */
export function indexRows(from: usize, count: u32, wantedSlots: usize): void {
  rows = from;
  slots = from + count * ROW;
  slotCount = wantedSlots;
  for (let row: u32 = 0; row < count; row += 1) {
    const slot = slotOf(rows + row * ROW);
    const found = load<u32>(slot);
    store<u32>(slot, found === EMPTY ? row + 1 : found | AMBIGUOUS);
  }
}

export function anyRows(): bool {
  return slotCount > 0;
}

/** No row has been seen yet. */
export function forgetSeen(): void {
  if (slotCount === 0) return;
  for (let row = rows; row < slots; row += ROW) store<u64>(row, 0, 16);
}

/** Reads where a fingerprint should be found: of many in turn, they wait for memory together. */
export function firstGuess(fingerprint: usize): u32 {
  return load<u32>(firstSlot(fingerprint));
}

/** Notes at which position the row with this fingerprint was seen. @returns whether there is one, and only one */
export function markSeen(fingerprint: usize, position: u32): bool {
  const found = load<u32>(slotOf(fingerprint));
  if (found === EMPTY || (found & AMBIGUOUS) !== 0) return false;
  const row = rowOf(found);
  store<u32>(row, load<u32>(row, 16) + 1, 16);
  store<u32>(row, position, 20);
  return true;
}

/** The number of the row with this fingerprint; -1 when there is none, or more than one. */
export function findRow(fingerprint: usize): i32 {
  if (slotCount === 0) return -1;
  const found = load<u32>(slotOf(fingerprint));
  return found === EMPTY || (found & AMBIGUOUS) !== 0 ? -1 : <i32>(found - 1);
}

function rowOf(found: u32): usize {
  return rows + ((found & ~AMBIGUOUS) - 1) * ROW;
}

function firstSlot(fingerprint: usize): usize {
  return slots + SLOT * <usize>((<u64>load<u32>(fingerprint) * <u64>slotCount) >> 32);
}

/** The slot of the fingerprint at this address, or the empty one where it would be. */
function slotOf(fingerprint: usize): usize {
  const low = load<u64>(fingerprint);
  const high = load<u64>(fingerprint, 8);
  const end = slots + slotCount * SLOT;
  let slot = firstSlot(fingerprint);
  while (true) {
    const found = load<u32>(slot);
    if (found === EMPTY) return slot;
    const row = rowOf(found);
    if (load<u64>(row) === low && load<u64>(row, 8) === high) return slot;
    slot += SLOT;
    if (slot === end) slot = slots;
  }
}
