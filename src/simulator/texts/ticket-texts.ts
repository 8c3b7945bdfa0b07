import type { RecordRandom } from "../records/record-random.ts";
import type { TextDetails } from "./text-details.ts";

type Template = (details: TextDetails) => string;

const TOPICS: readonly { readonly title: Template; readonly symptom: Template }[] = [
  {
    title: (d) => `Printer ${d.device} does not print (${d.site})`,
    symptom: (d) =>
      `Jobs stay in the queue of \\\\print01\\${d.device} and the display says "Tray 2: load paper".`,
  },
  {
    title: (d) => `VPN drops every ${String(d.count)} minutes`,
    symptom: (d) =>
      `The tunnel closes with error ${d.code}; reconnecting helps for about ${String(d.count)} minutes.`,
  },
  {
    title: (d) => `${d.app}: user locked, please reset password`,
    symptom: (d) =>
      `${d.person} is locked out of ${d.app} after the password change and can't use self service.`,
  },
  {
    title: (d) => `Payslips wrong for ${String(d.count)} employees`,
    symptom: (d) =>
      `Net pay ≠ gross − deductions for ${String(d.count)} people. Run PC00_M99 stopped with "RC=8".`,
  },
  {
    title: (d) => `Onboarding: new starter in ${d.site}`,
    symptom: (d) =>
      `Please prepare for ${d.person}:\n\t- laptop\n\t- mailbox\n\t- access to ${d.app}\n\t- badge`,
  },
  {
    title: (d) => `OUTAGE ${d.site}: ${d.app} unreachable 🔥`,
    symptom: (d) =>
      `Since this morning ${String(d.count)} users see "HTTP 503 – Service Unavailable". ${d.device} answers ping.`,
  },
  {
    title: (d) => `Kann ${d.app} nicht öffnen – Fehlermeldung ${d.code}`,
    symptom: (d) =>
      `Beim Öffnen erscheint „Zugriff verweigert“ (${d.code}). Größe der Datei: ${String(d.count)} MB.`,
  },
  {
    title: (d) => `【至急】${d.device} が起動しません`,
    symptom: (d) =>
      `電源を入れても${d.device}が起動しません。エラーコードは${d.code}です。確認をお願いします。`,
  },
  {
    title: (d) => `Disk space below ${String(d.count)} % on ${d.device}`,
    symptom: (d) =>
      `Monitoring: C:\\ProgramData\\logs\\ on ${d.device} holds ${String(d.count)} GB; threshold reached.`,
  },
  {
    title: (d) => `Access to "${d.app}" for ${d.person}`,
    symptom: (d) =>
      `Role requested: {"app":"${d.app}","role":"editor","until":null}. Approved by the line manager 👍`,
  },
];

const FACTS: readonly Template[] = [
  (d) => `Location is ${d.site}, the device is ${d.device}, contact person on site is ${d.person}.`,
  () => "It worked until last week, nothing was installed or changed since then as far as we know.",
  (d) =>
    `About ${String(d.count)} colleagues are affected, some of them cannot work at all and are waiting for news.`,
  () => "A restart and a different network cable did not help, signing in on another machine shows the same.",
  (d) =>
    `Event log: "Application ${d.device} faulting module ntdll.dll, exception ${d.code}", repeated several times.`,
  (d) =>
    `See the screenshot in C:\\Users\\Public\\Pictures\\${d.device}.png and the log attached to this ticket.`,
  () =>
    "Month-end closing starts tomorrow at 08:00, so please treat this as urgent and call back before then.",
  () => "Bitte um Rückruf am Nachmittag, vormittags bin ich in Besprechungen und nur über Teams erreichbar.",
  (d) =>
    `Reference of the earlier case that looked just the same: ${d.code}/${String(d.count)} (closed as "solved").`,
];

const ENDINGS = ["Thank you!", "Kind regards", "Viele Grüße", "よろしくお願いいたします。", "Thx 🙏", ""];

const FIXES: readonly Template[] = [
  (d) => `Cleared the cache of ${d.app}, restarted the service on ${d.device} and had ${d.person} confirm.`,
  (d) => `Replaced ${d.device} from stock; the old one goes back to the vendor under warranty (${d.code}).`,
  () => "Reset the account, removed stale credentials and explained the self-service portal to the user.",
  (d) =>
    `Applied the vendor's patch in ${d.site} during the maintenance window; monitored for ${String(d.count)} hours.`,
];

/** A title and a description that belong together. */
export function ticketText(
  random: RecordRandom,
  details: TextDetails,
): { title: string; description: string } {
  const topic = random.pick(TOPICS);
  const lines = [
    `${random.pick(["Hello", "Hi team", "Guten Tag", "Dear colleagues"])},`,
    topic.symptom(details),
  ];
  for (const fact of random.sample(FACTS, random.below(4))) lines.push(fact(details));
  lines.push(random.pick(ENDINGS));
  return { title: topic.title(details), description: lines.join(random.pick(["\n", "\r\n", " ", "\n\n"])) };
}

export function solutionText(random: RecordRandom, details: TextDetails): string {
  return random.pick(FIXES)(details);
}
