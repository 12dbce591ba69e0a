/**
 * Wires the contracts to each other, once, puts the first bounties into the pot of the roll, says which calls are of which
 * class, and gives every contract that still has another owner to the timelock, and the timelock to the governor.
 */
import { buildModule } from "@nomicfoundation/hardhat-ignition/modules";
import type { CallableContractFuture, IgnitionModuleBuilder } from "@nomicfoundation/ignition-core";
import { encodeBytes32String, id, ZeroHash } from "ethers";

import type { ContractKey } from "../../sdk/src/contracts.ts";
import { classAssignments } from "../../sdk/src/parameters/index.ts";
import { NO_CAP } from "../../sdk/src/roles.ts";
import type { DeployParameters } from "../params.ts";
import { governanceModule } from "./governance.ts";
import { protocolModule } from "./protocol.ts";
import { timelockModule } from "./timelock.ts";
import { masaTokenModule, wrappedTaoModule } from "./tokens.ts";

/** What the governor holds of the timelock, and nobody else but a council. */
const TIMELOCK_ROLES = ["PROPOSER_ROLE", "CANCELLER_ROLE", "EXECUTOR_ROLE"];

type Contracts = Readonly<Record<ContractKey, CallableContractFuture<string>>>;

/** Rights that need no delay as long as nobody has staked, and then each contract's own wiring. */
function wire(m: IgnitionModuleBuilder, c: Contracts, p: DeployParameters) {
  const scheduled = m.call(c.vault, "scheduleSlasher", [c.offences, NO_CAP]);
  const activated = m.call(c.vault, "activateSlasher", [c.offences], { after: [scheduled] });
  const expels = m.call(c.validatorSet, "grantModule", [encodeBytes32String("EXPEL"), c.offences]);
  const pays = m.call(c.emissions, "grantModule", [encodeBytes32String("GOVERNANCE"), c.reputation]);
  return [
    m.call(c.clock, "wire", [c.epochManager]),
    m.call(c.vault, "wire", [c.escrow, p.vault.slashCap, c.guardian, c.votes], { after: [activated] }),
    m.call(c.standing, "wire", [c.registry, c.escrow, c.validatorSet, c.guardian, c.epochManager]),
    m.call(c.registry, "wire", [c.validatorSet]),
    m.call(c.validatorSet, "wire", [c.consensus, c.epochManager], { after: [expels] }),
    m.call(c.escrow, "wire", [c.consensus, c.feePool]),
    m.call(c.emissions, "wire", [c.distributor], { after: [pays] }),
    m.call(c.distributor, "wire", [c.consensus]),
    m.call(c.consensus, "wire", [c.offences]),
    m.call(c.offences, "wire", [c.consensus]),
    m.call(c.votes, "wire", [c.governor]),
    m.call(c.classes, "wire", [c.governor]),
    m.call(c.governor, "setReputation", [c.reputation]),
  ];
}

function fund(m: IgnitionModuleBuilder, c: Contracts, p: DeployParameters): void {
  if (p.roll.funding > 0n) m.call(c.masa, "transfer", [c.epochManager, p.roll.funding]);
  const pool = p.emission.funding;
  if (pool === 0n) return;
  const approved = m.call(c.masa, "approve", [c.emissions, pool]);
  m.call(c.emissions, "fund", [pool], { after: [approved] });
}

/** The whole deployment: what {@link deployProtocol} runs. */
export function masaModule(parameters: DeployParameters, chainId: number) {
  const tokens = masaTokenModule(parameters);
  const wrappedTao = wrappedTaoModule(parameters, chainId);
  const timelocks = timelockModule(parameters);
  const protocol = protocolModule(parameters, tokens, wrappedTao, timelocks);
  const governance = governanceModule(parameters, tokens, timelocks, protocol);
  return buildModule("Masa", (m) => {
    const { masa } = m.useModule(tokens);
    const tao = wrappedTao === undefined ? {} : m.useModule(wrappedTao);
    const { timelock } = m.useModule(timelocks);
    const contracts = { masa, timelock, ...m.useModule(protocol), ...m.useModule(governance) };
    const wiring = wire(m, contracts, parameters);
    fund(m, contracts, parameters);
    const assigned = classAssignments().map(({ contract, classId, selectors }) =>
      m.call(contracts.classes, "assignMany", [contracts[contract], [...selectors], classId], {
        id: `assign_${contract}_${classId}`,
      }),
    );
    const { vault, standing, registry, validatorSet, escrow, emissions, distributor, offences } = contracts;
    const { votes, classes, governor } = contracts;
    const owned = [vault, standing, registry, validatorSet, escrow, emissions, distributor, offences];
    for (const contract of [...owned, votes])
      m.call(contract, "transferOwnership", [timelock], { after: wiring });
    m.call(classes, "transferOwnership", [timelock], { after: [...wiring, ...assigned] });
    const granted = TIMELOCK_ROLES.map((role) =>
      m.call(timelock, "grantRole", [id(role), governor], { id: `grant_${role}` }),
    );
    m.call(timelock, "renounceRole", [ZeroHash, m.getAccount(0)], { after: granted });
    return { ...tao, ...contracts };
  });
}
