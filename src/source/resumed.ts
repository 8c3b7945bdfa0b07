/**
 * A stream with the beginning that was taken off it put back.
 *
 * @param beginning emptied on the way, so that none of it is kept longer than needed
 * @param rest given back in whatever way the reading ends
 */
export async function* resumed<T>(
  beginning: T[],
  rest: AsyncIterator<T>,
): AsyncGenerator<T, void, undefined> {
  try {
    for (let chunk = beginning.shift(); chunk !== undefined; chunk = beginning.shift()) yield chunk;
    for (let next = await rest.next(); next.done !== true; next = await rest.next()) yield next.value;
  } finally {
    await rest.return?.();
  }
}
