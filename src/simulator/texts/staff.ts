export interface Person {
  readonly id: number;
  readonly userName: string;
  readonly fullName: string;
}

/** No two begin with the same letter, so that a user name (initial and last name) belongs to one person. */
const FIRST_NAMES = (
  "Anna Bernd Chiara Dmitri Émile Fatima Giulia Hiroshi Ines Jürgen Kavita Liam Maja Ngọc Özlem Priya Rosa " +
  "Søren Tomáš Uwe Valentina Wei Yusuf Zoë"
).split(" ");

/** With the first names, enough for a production desk and its callers to go by a name of their own. */
const LAST_NAMES = (
  "Meier, Müller, García, O'Brien, Nguyễn, Tanaka, Smith, Kowalski, van der Berg, Rossi, Çelik, Novák, Johansson, Patel, " +
  "Dubois, Silva, Petrov, Haddad, Lindqvist, McAllister, Okonkwo, Schröder, Fernández, Yamada, Björk, Costa, Ivanova, Lee"
).split(", ");

/** The one exception: a second A. Meier, whom only the user name tells from Anna (person 0). */
const NAMESAKE = { index: 7, fullName: "Anselm Meier", userName: "ameier2" };

const FIRST_ID = 2001;
const known: Person[] = [];

/** The desk's person number `index` (0 and up); there is no last person, and a larger desk uses more of them. */
export function staffMember(index: number): Person {
  return (known[index] ??= describe(index));
}

function describe(index: number): Person {
  const id = FIRST_ID + index;
  if (index === NAMESAKE.index) return { id, userName: NAMESAKE.userName, fullName: NAMESAKE.fullName };
  const combinations = FIRST_NAMES.length * LAST_NAMES.length;
  const first = FIRST_NAMES[index % FIRST_NAMES.length] ?? "";
  const last =
    LAST_NAMES[(Math.floor(index / FIRST_NAMES.length) + (index % FIRST_NAMES.length)) % LAST_NAMES.length] ??
    "";
  const repeat = Math.floor(index / combinations);
  const userName = plainLetters(first).slice(0, 1) + plainLetters(last);
  return repeat === 0
    ? { id, userName, fullName: `${first} ${last}` }
    : { id, userName: `${userName}.${String(repeat)}`, fullName: `${first} ${last} (${String(repeat)})` };
}

function plainLetters(name: string): string {
  return name
    .normalize("NFD")
    .toLowerCase()
    .replace(/[^a-z]/g, "");
}
