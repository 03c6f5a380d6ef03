import { changeCases, sharedChangeCases } from './cases/change-cases.js';
import { claimCases } from './cases/claim-cases.js';
import { collectCases } from './cases/collect-cases.js';
import { collectDueCases, durableCollectCases, sharedCollectCases } from './cases/collect-due-cases.js';
import { commitCases } from './cases/commit-cases.js';
import { concurrencyCases, sharedCases } from './cases/concurrency-cases.js';
import { durabilityCases } from './cases/durability-cases.js';
import { familyCases } from './cases/family-cases.js';
import { goOnCases, graphCases } from './cases/graph-cases.js';
import { gateCases } from './cases/gate-cases.js';
import { gateChangeCases } from './cases/gate-change-cases.js';
import { gateFairnessCases, gateLeakCases } from './cases/gate-leak-cases.js';
import { durableGateCases, sharedGateCases } from './cases/gate-process-cases.js';
import { groupCases } from './cases/group-cases.js';
import { hostileNameCases } from './cases/hostile-name-cases.js';
import { inboxCases, raceCases } from './cases/inbox-cases.js';
import { durableMailboxCases, mailboxCases } from './cases/mailbox-cases.js';
import { mailboxRoomCases } from './cases/mailbox-room-cases.js';
import { waitCases } from './cases/wait-cases.js';
import { instanceCases } from './cases/instance-cases.js';
import { durableInstanceCases, instanceEndCases, instanceTurnCases } from './cases/instance-turn-cases.js';
import { laneCases } from './cases/lane-cases.js';
import { leaseCases } from './cases/lease-cases.js';
import { publishCases } from './cases/publish-cases.js';
import { publishInCommitCases, resendCases } from './cases/resend-cases.js';
import { permitCases } from './cases/permit-cases.js';
import { permitRestCases } from './cases/permit-rest-cases.js';
import { rateCases } from './cases/rate-cases.js';
import { pauseCases, registryCases } from './cases/registry-cases.js';
import { durableSessionCases, handedOnCases, sessionCases } from './cases/session-cases.js';
import { retryCases } from './cases/retry-cases.js';
import { durableScheduleCases, scheduleCases, sharedScheduleCases } from './cases/schedule-cases.js';
import { listCases, retentionCases } from './cases/retention-cases.js';
import { strikeCases } from './cases/strike-cases.js';
import { timerCases } from './cases/timer-cases.js';
import { turnCases } from './cases/turn-cases.js';
import { untilEndCases } from './cases/until-end-cases.js';
import type { StoreCase } from './store-case.js';

/** Every guarantee of the store port, each as one case for a fresh store. */
export function storeCases(): readonly StoreCase[] {
  return [
    ...publishCases,
    ...laneCases,
    ...claimCases,
    ...leaseCases,
    ...strikeCases,
    ...commitCases,
    ...resendCases,
    ...publishInCommitCases,
    ...timerCases,
    ...inboxCases,
    ...raceCases,
    ...retryCases,
    ...groupCases,
    ...registryCases,
    ...pauseCases,
    ...gateCases,
    ...gateChangeCases,
    ...gateLeakCases,
    ...gateFairnessCases,
    ...sharedGateCases,
    ...durableGateCases,
    ...permitCases,
    ...permitRestCases,
    ...rateCases,
    ...graphCases,
    ...goOnCases,
    ...hostileNameCases,
    ...retentionCases,
    ...listCases,
    ...concurrencyCases,
    ...sharedCases,
    ...changeCases,
    ...sharedChangeCases,
    ...durabilityCases,
    ...scheduleCases,
    ...sharedScheduleCases,
    ...durableScheduleCases,
    ...mailboxCases,
    ...mailboxRoomCases,
    ...waitCases,
    ...durableMailboxCases,
    ...familyCases,
    ...turnCases,
    ...sessionCases,
    ...handedOnCases,
    ...durableSessionCases,
    ...collectCases,
    ...collectDueCases,
    ...durableCollectCases,
    ...sharedCollectCases,
    ...untilEndCases,
    ...instanceCases,
    ...instanceTurnCases,
    ...instanceEndCases,
    ...durableInstanceCases,
  ];
}
