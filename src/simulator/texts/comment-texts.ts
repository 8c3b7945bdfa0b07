import type { RecordRandom } from "../records/record-random.ts";
import type { TextDetails } from "./text-details.ts";

type Template = (details: TextDetails) => string;

const SENTENCES: readonly Template[] = [
  (d) =>
    `Called ${d.person}, nobody answered; left a message and will try again in ${String(d.count)} minutes.`,
  (d) =>
    `${d.device} was restarted, "systemctl status" is green again and the queue has ${String(d.count)} entries left.`,
  (d) =>
    `Could you please send us the log from C:\\Temp\\${d.device}\\trace.log and the exact time it happened?`,
  (d) => `Same error ${d.code} here in ${d.site}, since the update of ${d.app} last night.`,
  () => "Forwarded to the second level, they know this from another client and already have a patch in test.",
  (d) =>
    `Habe ${d.app} neu installiert; der Fehler tritt bei mir nicht mehr auf. Bitte prüfen und bestätigen.`,
  (d) => `${d.device}を交換しました。動作確認をお願いいたします。`,
  (d) => `Vendor case opened: ${d.code}. They promise an answer within ${String(d.count)} hours.`,
  () => "Works now, many thanks for the quick help! 🎉 You can close this one from my side.",
  (d) =>
    `Ran:\r\n\tselect count(*) from "Users" where name like '%\\_old' -- ${String(d.count)} rows\r\nand cleaned them up.`,
  (d) =>
    `We moved the users of ${d.site} to the new server yesterday, so the old path \\\\fs01\\${d.device} is read-only.`,
  () =>
    "The root cause was an expired certificate on the proxy; we renewed it and added a reminder to the calendar.",
  (d) =>
    `> On Monday ${d.person} wrote:\n> it is still slow\n\nWe see ${String(d.count)} ms on average now, is that acceptable?`,
];

const GREETINGS = ["Hi,", "Hello,", "Guten Morgen,", "Update:", "FYI"];

/** One to seven sentences: most comments are short, some tell a story. */
export function commentText(random: RecordRandom, details: TextDetails): string {
  const parts = [random.pick(GREETINGS)];
  for (const sentence of random.sample(SENTENCES, 1 + random.below(7))) parts.push(sentence(details));
  return parts.join(random.pick([" ", " ", "\n", "\r\n\r\n"]));
}
