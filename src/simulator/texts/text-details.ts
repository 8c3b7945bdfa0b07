import type { RecordRandom } from "../records/record-random.ts";

/** What makes two texts of one template differ. */
export interface TextDetails {
  readonly app: string;
  readonly device: string;
  readonly site: string;
  readonly person: string;
  readonly code: string;
  readonly count: number;
}

const APPS = [
  "SAP S/4HANA",
  "Payroll",
  "Outlook",
  "Teams",
  "SharePoint",
  "the time sheet app",
  "Citrix",
  "the CRM",
  "勤怠システム",
  "Lohnbuchhaltung",
];
const DEVICE_KINDS = ["PRN", "LAP", "SRV", "SW", "AP", "FW"];
const SITES = [
  "Zürich 3rd floor",
  "Melbourne HQ",
  "São Paulo",
  "大阪支社",
  "Graz Werk 2",
  "Dublin",
  "Łódź warehouse",
  "home office",
];
const CALLERS = [
  "Ms Okafor",
  "Hr. Grünwald",
  "Mme Lefèvre",
  "鈴木さん",
  "Señor Ibáñez",
  "J. D'Angelo",
  "Mrs Smith-Jones",
];

export function drawDetails(random: RecordRandom): TextDetails {
  return {
    app: random.pick(APPS),
    device: `${random.pick(DEVICE_KINDS)}-${String(1000 + random.below(9000))}`,
    site: random.pick(SITES),
    person: random.pick(CALLERS),
    code: `0x${(0x8000_0000 + random.below(0x7fff_ffff)).toString(16).toUpperCase()}`,
    count: 2 + random.below(60),
  };
}
