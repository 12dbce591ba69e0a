/** Ignition's events as lines: one when a contract stands or a call is done, one when something takes longer. */
import { ExecutionEventResultType } from "@nomicfoundation/ignition-core";
import type {
  CallExecutionStateCompleteEvent,
  DeploymentExecutionStateCompleteEvent,
  ExecutionEventListener,
  OnchainInteractionBumpFeesEvent,
} from "@nomicfoundation/ignition-core";

export function progressListener(log: (line: string) => void): ExecutionEventListener {
  const heard: Partial<ExecutionEventListener> = {
    deploymentExecutionStateComplete: (event: DeploymentExecutionStateCompleteEvent) => {
      if (event.result.type === ExecutionEventResultType.SUCCESS) {
        log(`deployed ${event.futureId} at ${event.result.result ?? "?"}`);
      }
      return Promise.resolve();
    },
    callExecutionStateComplete: (event: CallExecutionStateCompleteEvent) => {
      if (event.result.type === ExecutionEventResultType.SUCCESS) log(`called ${event.futureId}`);
      return Promise.resolve();
    },
    onchainInteractionBumpFees: (event: OnchainInteractionBumpFeesEvent) => {
      log(`still waiting for ${event.futureId}; sent again with a higher fee`);
      return Promise.resolve();
    },
  };
  const ignored = (): Promise<void> => Promise.resolve();
  // Ignition calls a method for each kind of event; the rest of them need no line.
  return new Proxy(heard, {
    get: (target, name): unknown => Reflect.get(target, name) ?? ignored,
  }) as ExecutionEventListener;
}
