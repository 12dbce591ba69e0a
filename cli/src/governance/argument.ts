/** The argument that names a proposal. */
import { Argument } from "commander";

export const proposalArgument = (): Argument =>
  new Argument("<id>", "number of the proposal, or its first digits: four or more");
