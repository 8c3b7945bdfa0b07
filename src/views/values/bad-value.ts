import type { RejectReason } from "../reject-reasons.ts";

/** Why a value cannot become a column's value. It is returned, not thrown, because a document may contain thousands. */
export class BadValue {
  /** The reason code of the quarantine, for example `invalid_timestamp`. */
  readonly reason: RejectReason;
  /** What is wrong with the value and what would be accepted, without the value itself. */
  readonly explanation: string;

  constructor(reason: RejectReason, explanation: string) {
    this.reason = reason;
    this.explanation = explanation;
  }
}
