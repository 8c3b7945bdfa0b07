import type { RecordRandom } from "../records/record-random.ts";
import type { TextDetails } from "./text-details.ts";

type Template = (details: TextDetails) => string;

const TICKET_WORK: readonly Template[] = [
  (d) => `Phone support ${d.person}`,
  () => "Follow-up and documentation",
  (d) => `Analysed error ${d.code} in ${d.app}, call with ${d.person}`,
  (d) => `Replaced ${d.device} in ${d.site} and tested with the user`,
  (d) => `Changed "timeout" from 30 to ${String(d.count)} s on ${d.device}, documented it in the wiki`,
  (d) => `Rückfrage ${d.person}, Berechtigung für ${d.app} geprüft`,
  (d) => `Restored D:\\data\\${d.device} from last night's backup`,
  (d) => `${d.app}の設定変更と動作確認`,
];

const INTERNAL_WORK: readonly Template[] = [
  () => "Team meeting, planning of the week",
  (d) => `Training: ${d.app} for administrators, part ${String(d.count % 4)}`,
  () => "Mails, time sheets & admin",
  () => "Urlaubsübergabe, Einarbeitung neuer Kollege",
];

const NOTES: readonly Template[] = [
  (d) => `Travel to ${d.site} not included.`,
  () => "Agreed with the client beforehand,\nsee mail.",
  (d) => `Ticket took ${String(d.count)} min longer: waited for the vendor's hotline (${d.code}).`,
];

export function workText(random: RecordRandom, details: TextDetails, internal: boolean): string {
  return random.pick(internal ? INTERNAL_WORK : TICKET_WORK)(details);
}

/** `null` or empty in most records: few people write notes. */
export function noteText(random: RecordRandom, details: TextDetails): string | null {
  const draw = random.fraction();
  if (draw < 0.6) return null;
  return draw < 0.85 ? "" : random.pick(NOTES)(details);
}
