/** The fixed lists a service desk picks from. Teams say who is responsible, categories what kind of ticket it is. */
export const TEAMS = [
  "Service Desk",
  "Network Operations",
  "SAP Basis",
  "Workplace Services",
  "Identity & Access",
  "Database Platform",
  "Payroll Applications",
  "Messaging & Collaboration",
  "Security Operations",
  "Field Services West",
  "Field Services Ost",
  "Integration",
];

export const CATEGORIES = ["Incident", "Service Request", "Change", "Problem", "Question", "Access Request"];

export const PLATFORMS = [
  "Windows 11",
  "macOS",
  "Linux",
  "SAP S/4HANA",
  "Oracle",
  "Citrix",
  "iOS",
  "Android",
  "Microsoft 365",
];

export const GROUPS = ["Tier 1", "Tier 2", "Tier 3", "Vendor"];

export const SOURCES = ["Email", "Phone", "Portal", "Monitoring", "Walk-up", "Chat"];

export const ROOT_CAUSES = [
  "Configuration",
  "Hardware Failure",
  "User Error",
  "Software Defect",
  "Capacity",
  "Third Party",
  "Unknown",
];

export const RESOLUTION_TYPES = [
  "Fixed",
  "Workaround",
  "Standard Change",
  "Emergency Change",
  "Not Reproducible",
  "Duplicate",
  "Won't Fix",
];

export interface Severity {
  readonly name: string;
  readonly sla: string;
  readonly responseMinutes: number;
  readonly resolutionHours: number;
}

const CRITICAL = { name: "1 - Critical", sla: "Platinum 24x7", responseMinutes: 15, resolutionHours: 8 };
const HIGH = { name: "2 - High", sla: "Gold 24x5", responseMinutes: 60, resolutionHours: 48 };
const MEDIUM = {
  name: "3 - Medium",
  sla: "Silver business hours",
  responseMinutes: 240,
  resolutionHours: 240,
};
const LOW = { name: "4 - Low", sla: "Bronze best effort", responseMinutes: 480, resolutionHours: 960 };

/** As often as they are listed. */
export const SEVERITIES: readonly Severity[] = [
  MEDIUM,
  CRITICAL,
  HIGH,
  HIGH,
  MEDIUM,
  MEDIUM,
  MEDIUM,
  LOW,
  LOW,
  LOW,
];

const CLIENTS = [
  "Nordwind Logistik",
  "Fabrikam",
  "Contoso Health",
  "Müller & Söhne",
  "東和商事",
  "Bahía Energía",
];
const DIVISIONS = ["Holding", "Retail", "Operations", "Finance", "R&D", "Americas", "APAC"];

export interface Account {
  readonly id: number;
  readonly name: string;
  readonly client: string;
}

/** Each client's divisions: what a ticket or an hour is charged to. */
export const ACCOUNTS: readonly Account[] = CLIENTS.flatMap((client, row) =>
  DIVISIONS.map((division, column) => ({
    id: 11_000 + row * 100 + column,
    name: `${client} ${division}`,
    client,
  })),
);
