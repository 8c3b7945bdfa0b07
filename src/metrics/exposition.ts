import { Counter, Gauge, Registry } from "prom-client";

/** The answer to a scrape by Prometheus. */
export interface MetricsText {
  /** The header `Content-Type`. */
  readonly contentType: string;
  readonly body: string;
}

/** The metrics of one scrape. Each has its own registry, so that scrapes at the same time, or of two databases, do not mix. */
export class Exposition {
  readonly #registry = new Registry();

  counter<Label extends string>(
    name: `otc_etl_${string}_total`,
    labelNames: readonly Label[],
    help: string,
  ): Counter<Label> {
    return new Counter({ name, help, labelNames, registers: [this.#registry] });
  }

  gauge<Label extends string>(
    name: `otc_etl_${string}`,
    labelNames: readonly Label[],
    help: string,
  ): Gauge<Label> {
    return new Gauge({ name, help, labelNames, registers: [this.#registry] });
  }

  async text(): Promise<MetricsText> {
    return { contentType: this.#registry.contentType, body: await this.#registry.metrics() };
  }
}
