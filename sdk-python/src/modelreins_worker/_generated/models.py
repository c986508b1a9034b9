"""Responsible for what the server answers, as classes. Made by `npm run generate` from the contract: do not edit."""

from __future__ import annotations

from typing import Any, Dict, List, Literal, Optional, Union

from .._record import Record


class JobChildren(Record):
    """JobChildren, as the server answers it: a dict with attributes."""

    __slots__ = ()
    job_id: int
    worker: str
    status: str


class MergeStatePicked(Record):
    """MergeStatePicked, as the server answers it: a dict with attributes."""

    __slots__ = ()
    job_id: int
    worker: str
    by: str
    at: str


class MergeStateCounts(Record):
    """MergeStateCounts, as the server answers it: a dict with attributes."""

    __slots__ = ()
    answer: str
    count: int
    workers: List[str]


class MergeState(Record):
    """MergeState, as the server answers it: a dict with attributes."""

    __slots__ = ()
    _nested = {
        "picked": MergeStatePicked,
        "counts": MergeStateCounts,
    }
    by: Literal["worker", "concat", "vote", "first", "none"]
    answered: int
    failed: int
    missing: int
    degraded: bool
    job_id: Optional[int]
    quorum: Optional[int]
    deadline_at: Optional[str]
    picked: Optional[MergeStatePicked]
    counts: Optional[List[MergeStateCounts]]
    note: Optional[str]


class FallbackStateAsked(Record):
    """FallbackStateAsked, as the server answers it: a dict with attributes."""

    __slots__ = ()
    target: Optional[str]
    provider: Optional[str]
    model: Optional[str]


class FallbackStateSteps(Record):
    """FallbackStateSteps, as the server answers it: a dict with attributes."""

    __slots__ = ()
    target: Optional[str]
    provider: Optional[str]
    model: Optional[str]
    after: Literal["rate_limited", "failed", "offline"]


class FallbackState(Record):
    """FallbackState, as the server answers it: a dict with attributes."""

    __slots__ = ()
    _nested = {
        "asked": FallbackStateAsked,
        "steps": FallbackStateSteps,
    }
    step: int
    after: Optional[Literal["rate_limited", "failed", "offline"]]
    asked: FallbackStateAsked
    steps: List[FallbackStateSteps]


class Concurrency(Record):
    """Concurrency, as the server answers it: a dict with attributes."""

    __slots__ = ()
    key: str
    limit: int
    on_conflict: Literal["wait", "replace", "reject"]


class Rate(Record):
    """Rate, as the server answers it: a dict with attributes."""

    __slots__ = ()
    key: str
    max: int
    per_seconds: float


class Usage(Record):
    """Usage, as the server answers it: a dict with attributes."""

    __slots__ = ()
    tokens_in: Optional[float]
    tokens_out: Optional[float]
    cost_usd: Optional[float]
    model: Optional[str]


class JobError(Record):
    """JobError, as the server answers it: a dict with attributes."""

    __slots__ = ()
    type: str
    message: str
    retryable: bool


class ArtifactBrief(Record):
    """ArtifactBrief, as the server answers it: a dict with attributes."""

    __slots__ = ()
    slug: str
    url: str
    filename: str
    content_type: str
    size_bytes: int


class Job(Record):
    """Job, as the server answers it: a dict with attributes."""

    __slots__ = ()
    _nested = {
        "children": JobChildren,
        "merge": MergeState,
        "fallback": FallbackState,
        "concurrency": Concurrency,
        "rate": Rate,
        "usage": Usage,
        "error": JobError,
        "artifacts": ArtifactBrief,
    }
    id: int
    kind: Optional[Literal["job", "fan_out"]]
    parent_id: Optional[int]
    role: Optional[Literal["child", "merge"]]
    children: Optional[List[JobChildren]]
    merge: Optional[MergeState]
    status: Literal["pending", "running", "retry", "done", "failed"]
    hold: Optional[Literal["review", "schedule", "secrets", "budget", "key"]]
    prompt: str
    input: Any
    capability: Optional[str]
    effort: Literal["trivial", "quick", "standard", "deep", "critical"]
    priority: int
    thread_id: Optional[str]
    session_id: Optional[str]
    context: str
    context_from: Optional[int]
    tags: List[str]
    networks: List[str]
    substrate: Optional[Literal["silicon", "carbon", "xenon"]]
    provider: Optional[str]
    model: Optional[str]
    target: Optional[str]
    mode: Optional[Literal["auto", "local", "cloud"]]
    avoid: Optional[List[str]]
    prefer: Optional[List[str]]
    requires_secrets: List[str]
    metadata: Any
    fallback: Optional[FallbackState]
    concurrency: Optional[Concurrency]
    rate: Optional[Rate]
    assigned_to: Optional[str]
    worker_id: Optional[str]
    attempt: int
    max_attempts: int
    timeout: float
    silence_timeout: Optional[float]
    output: str
    output_truncated: bool
    result: Optional[str]
    result_truncated: bool
    exit_code: Optional[int]
    usage: Optional[Usage]
    error: Optional[JobError]
    review_id: Optional[int]
    artifacts: Optional[List[ArtifactBrief]]
    retry_at: Optional[str]
    not_before: Optional[str]
    expires_at: Optional[str]
    created_by: Optional[str]
    created_at: str
    started_at: Optional[str]
    ended_at: Optional[str]


class Lease(Record):
    """Lease, as the server answers it: a dict with attributes."""

    __slots__ = ()
    token: str
    attempt: int
    expires_at: str


class Offer(Record):
    """Offer, as the server answers it: a dict with attributes."""

    __slots__ = ()
    _nested = {
        "job": Job,
        "lease": Lease,
    }
    job: Job
    lease: Lease


class ReviewPolicyQuorum(Record):
    """ReviewPolicyQuorum, as the server answers it: a dict with attributes."""

    __slots__ = ()
    approve: Optional[int]
    deny: Optional[int]


class ReviewPolicy(Record):
    """ReviewPolicy, as the server answers it: a dict with attributes."""

    __slots__ = ()
    _nested = {
        "quorum": ReviewPolicyQuorum,
    }
    ttl: Optional[float]
    on_expiry: Optional[Literal["deny", "escalate", "keep"]]
    quorum: Optional[ReviewPolicyQuorum]
    self_approval: Optional[bool]
    signed: Optional[Literal["optional", "required"]]
    irreversible: Optional[bool]
    grant_ttl: Optional[float]
    grant_uses: Optional[int]


class Capability(Record):
    """Capability, as the server answers it: a dict with attributes."""

    __slots__ = ()
    _nested = {
        "policy": ReviewPolicy,
    }
    name: str
    risk_tier: Literal["auto", "audit", "approve", "session"]
    requires_secrets: Optional[List[str]]
    policy: Optional[ReviewPolicy]


class PresenceReplyWorker(Record):
    """PresenceReplyWorker, as the server answers it: a dict with attributes."""

    __slots__ = ()
    _nested = {
        "capabilities": Capability,
    }
    worker_id: str
    name: str
    paused: bool
    capabilities: List[Capability]
    requires_secrets: Optional[List[str]]


class TokenPrice(Record):
    """TokenPrice, as the server answers it: a dict with attributes."""

    __slots__ = ()
    input: float
    output: float


class WorkerConfig(Record):
    """WorkerConfig, as the server answers it: a dict with attributes."""

    __slots__ = ()
    _nested = {
        "price": TokenPrice,
    }
    slots: Optional[int]
    tags: Optional[List[str]]
    networks: Optional[List[str]]
    model: Optional[str]
    provider: Optional[str]
    poll_ms: Optional[int]
    model_class: Optional[Literal["local small", "local", "local large", "program", "cheap hosted", "standard hosted", "premium", "human"]]
    cost: Optional[float]
    quality: Optional[float]
    speed: Optional[float]
    locality: Optional[Literal["local", "cloud"]]
    price: Optional[TokenPrice]
    account: Optional[str]
    concurrency_key: Optional[Literal["workdir"]]


class KillswitchBrief(Record):
    """KillswitchBrief, as the server answers it: a dict with attributes."""

    __slots__ = ()
    level: int
    active: bool
    reason: Optional[str]
    generation: int


class PresenceReplyAborts(Record):
    """PresenceReplyAborts, as the server answers it: a dict with attributes."""

    __slots__ = ()
    job_id: int
    attempt: int
    reason: str


class PresenceReplyIntervals(Record):
    """PresenceReplyIntervals, as the server answers it: a dict with attributes."""

    __slots__ = ()
    heartbeat_ms: int
    poll_wait_s: int


class PresenceReply(Record):
    """PresenceReply, as the server answers it: a dict with attributes."""

    __slots__ = ()
    _nested = {
        "worker": PresenceReplyWorker,
        "config": WorkerConfig,
        "killswitch": KillswitchBrief,
        "aborts": PresenceReplyAborts,
        "intervals": PresenceReplyIntervals,
    }
    worker: PresenceReplyWorker
    config: WorkerConfig
    config_version: int
    killswitch: KillswitchBrief
    aborts: List[PresenceReplyAborts]
    intervals: PresenceReplyIntervals
    server_time: Optional[str]


class ReviewEditedFrom(Record):
    """ReviewEditedFrom, as the server answers it: a dict with attributes."""

    __slots__ = ()
    payload: Any
    digest: str


class DecisionProofGrant(Record):
    """DecisionProofGrant, as the server answers it: a dict with attributes."""

    __slots__ = ()
    ttl_ms: Optional[int]
    uses: Optional[int]


class DecisionProof(Record):
    """DecisionProof, as the server answers it: a dict with attributes."""

    __slots__ = ()
    _nested = {
        "grant": DecisionProofGrant,
    }
    review_id: int
    digest: str
    verdict: Literal["approve", "deny", "edit", "respond"]
    edited_digest: Optional[str]
    comment_digest: Optional[str]
    grant: Optional[DecisionProofGrant]
    nonce: str
    passkey_id: str
    passkey_name: str
    algorithm: int
    public_key: str
    client_data: str
    authenticator_data: str
    signature: str


class Decision(Record):
    """Decision, as the server answers it: a dict with attributes."""

    __slots__ = ()
    _nested = {
        "proof": DecisionProof,
    }
    verdict: Literal["approve", "deny", "edit", "respond"]
    comment: Optional[str]
    by: str
    member_id: str
    at: str
    digest: str
    proof: Optional[DecisionProof]
    schedule_id: Optional[str]


class ReviewQuorum(Record):
    """ReviewQuorum, as the server answers it: a dict with attributes."""

    __slots__ = ()
    approve: int
    deny: int


class Review(Record):
    """Review, as the server answers it: a dict with attributes."""

    __slots__ = ()
    _nested = {
        "edited_from": ReviewEditedFrom,
        "decisions": Decision,
        "quorum": ReviewQuorum,
    }
    id: int
    status: Literal["pending", "approved", "denied", "withdrawn", "expired", "superseded", "consumed"]
    type: str
    title: str
    content: str
    preview: Optional[str]
    target: Optional[str]
    capability: Optional[str]
    payload: Any
    digest: str
    edited_from: Optional[ReviewEditedFrom]
    risk_tier: Optional[Literal["auto", "audit", "approve", "session"]]
    session: Optional[str]
    irreversible: bool
    job_id: Optional[int]
    worker_id: Optional[str]
    created_by: str
    artifacts: List[str]
    artifact_digests: List[str]
    decisions: List[Decision]
    quorum: ReviewQuorum
    signed: Optional[Literal["required"]]
    superseded_by: Optional[int]
    caveat: Optional[str]
    created_at: str
    expires_at: Optional[str]
    settled_at: Optional[str]
    consumed_at: Optional[str]


class Artifact(Record):
    """Artifact, as the server answers it: a dict with attributes."""

    __slots__ = ()
    slug: str
    url: str
    filename: str
    content_type: str
    size_bytes: int
    sha256: str
    job_id: Optional[int]
    review_id: Optional[int]
    share: bool
    created_by: str
    created_at: str
    expires_at: Optional[str]


class KillswitchAcknowledged(Record):
    """KillswitchAcknowledged, as the server answers it: a dict with attributes."""

    __slots__ = ()
    worker_id: str
    name: str
    last_seen: Optional[str]
    acknowledged_at: str


class KillswitchStragglers(Record):
    """KillswitchStragglers, as the server answers it: a dict with attributes."""

    __slots__ = ()
    worker_id: str
    name: str
    last_seen: Optional[str]
    jobs: Optional[List[int]]


class Killswitch(Record):
    """Killswitch, as the server answers it: a dict with attributes."""

    __slots__ = ()
    _nested = {
        "acknowledged": KillswitchAcknowledged,
        "stragglers": KillswitchStragglers,
    }
    level: int
    active: bool
    reason: Optional[str]
    generation: int
    raised_by: Optional[str]
    raised_at: Optional[str]
    acknowledged: List[KillswitchAcknowledged]
    stragglers: List[KillswitchStragglers]


class Health(Record):
    """Health, as the server answers it: a dict with attributes."""

    __slots__ = ()
    status: Literal["ok", "degraded"]
    version: str
    time: str
    checks: Dict[str, str]


class TenantsCreateReplyOwner(Record):
    """TenantsCreateReplyOwner, as the server answers it: a dict with attributes."""

    __slots__ = ()
    member_id: str
    name: str


class TenantsCreateReply(Record):
    """TenantsCreateReply, as the server answers it: a dict with attributes."""

    __slots__ = ()
    _nested = {
        "owner": TenantsCreateReplyOwner,
    }
    tenant: str
    name: str
    suspended: bool
    created_at: str
    owner: TenantsCreateReplyOwner
    view_url: str
    expires_at: str


class Tenant(Record):
    """Tenant, as the server answers it: a dict with attributes."""

    __slots__ = ()
    tenant: str
    name: str
    suspended: bool
    created_at: str


class TenantPage(Record):
    """TenantPage, as the server answers it: a dict with attributes."""

    __slots__ = ()
    _nested = {
        "items": Tenant,
    }
    items_: List[Tenant]
    next_cursor: Optional[str]


class WhoAmI(Record):
    """WhoAmI, as the server answers it: a dict with attributes."""

    __slots__ = ()
    tenant: str
    kind: Literal["member", "worker"]
    id: str
    name: str
    role: Optional[Literal["owner", "operator", "reviewer", "viewer"]]
    server_time: str


class MembersCreateReplyKey(Record):
    """MembersCreateReplyKey, as the server answers it: a dict with attributes."""

    __slots__ = ()
    begins: str
    created_at: str


class MembersCreateReply(Record):
    """MembersCreateReply, as the server answers it: a dict with attributes."""

    __slots__ = ()
    _nested = {
        "key": MembersCreateReplyKey,
    }
    member_id: str
    name: str
    role: Literal["owner", "operator", "reviewer", "viewer"]
    created_at: str
    revoked_at: Optional[str]
    key: Optional[MembersCreateReplyKey]
    view_url: str
    expires_at: str


class Member(Record):
    """Member, as the server answers it: a dict with attributes."""

    __slots__ = ()
    _nested = {
        "key": MembersCreateReplyKey,
    }
    member_id: str
    name: str
    role: Literal["owner", "operator", "reviewer", "viewer"]
    created_at: str
    revoked_at: Optional[str]
    key: Optional[MembersCreateReplyKey]


class MemberPage(Record):
    """MemberPage, as the server answers it: a dict with attributes."""

    __slots__ = ()
    _nested = {
        "items": Member,
    }
    items_: List[Member]
    next_cursor: Optional[str]


class MembersRevokeReplyJobs(Record):
    """MembersRevokeReplyJobs, as the server answers it: a dict with attributes."""

    __slots__ = ()
    waiting: int
    running: int
    stopped: int


class MembersRevokeReply(Record):
    """MembersRevokeReply, as the server answers it: a dict with attributes."""

    __slots__ = ()
    _nested = {
        "key": MembersCreateReplyKey,
        "jobs": MembersRevokeReplyJobs,
    }
    member_id: str
    name: str
    role: Literal["owner", "operator", "reviewer", "viewer"]
    created_at: str
    revoked_at: Optional[str]
    key: Optional[MembersCreateReplyKey]
    jobs: Optional[MembersRevokeReplyJobs]


class MembersRotateReply(Record):
    """MembersRotateReply, as the server answers it: a dict with attributes."""

    __slots__ = ()
    view_url: str
    expires_at: str


class SealedView(Record):
    """SealedView, as the server answers it: a dict with attributes."""

    __slots__ = ()
    iv: str
    ciphertext: str


class Session(Record):
    """Session, as the server answers it: a dict with attributes."""

    __slots__ = ()
    session_id: str
    member_id: str
    method: Literal["key", "passkey"]
    device: str
    place: Optional[str]
    created_at: str
    last_used_at: str
    expires_at: str
    current: bool


class SignedInMember(Record):
    """SignedInMember, as the server answers it: a dict with attributes."""

    __slots__ = ()
    member_id: str
    name: str
    role: Literal["owner", "operator", "reviewer", "viewer"]


class SignedIn(Record):
    """SignedIn, as the server answers it: a dict with attributes."""

    __slots__ = ()
    _nested = {
        "session": Session,
        "member": SignedInMember,
    }
    session: Session
    member: SignedInMember
    tenant: str


class PasskeyRequestOptionsAllowCredentials(Record):
    """PasskeyRequestOptionsAllowCredentials, as the server answers it: a dict with attributes."""

    __slots__ = ()
    type: Literal["public-key"]
    id: str


class PasskeyRequestOptions(Record):
    """PasskeyRequestOptions, as the server answers it: a dict with attributes."""

    __slots__ = ()
    _nested = {
        "allowCredentials": PasskeyRequestOptionsAllowCredentials,
    }
    challenge: str
    rpId: str
    timeout: int
    userVerification: Literal["required"]
    allowCredentials: List[PasskeyRequestOptionsAllowCredentials]


class SessionPage(Record):
    """SessionPage, as the server answers it: a dict with attributes."""

    __slots__ = ()
    _nested = {
        "items": Session,
    }
    items_: List[Session]
    next_cursor: Optional[str]


class SessionsEndReply(Record):
    """SessionsEndReply, as the server answers it: a dict with attributes."""

    __slots__ = ()
    ended: int


class PasskeyCreationOptionsRp(Record):
    """PasskeyCreationOptionsRp, as the server answers it: a dict with attributes."""

    __slots__ = ()
    id: str
    name: str


class PasskeyCreationOptionsUser(Record):
    """PasskeyCreationOptionsUser, as the server answers it: a dict with attributes."""

    __slots__ = ()
    id: str
    name: str
    displayName: str


class PasskeyCreationOptionsPubKeyCredParams(Record):
    """PasskeyCreationOptionsPubKeyCredParams, as the server answers it: a dict with attributes."""

    __slots__ = ()
    type: Literal["public-key"]
    alg: int


class PasskeyCreationOptionsAuthenticatorSelection(Record):
    """PasskeyCreationOptionsAuthenticatorSelection, as the server answers it: a dict with attributes."""

    __slots__ = ()
    residentKey: Literal["required"]
    requireResidentKey: bool
    userVerification: Literal["required"]


class PasskeyCreationOptions(Record):
    """PasskeyCreationOptions, as the server answers it: a dict with attributes."""

    __slots__ = ()
    _nested = {
        "rp": PasskeyCreationOptionsRp,
        "user": PasskeyCreationOptionsUser,
        "pubKeyCredParams": PasskeyCreationOptionsPubKeyCredParams,
        "authenticatorSelection": PasskeyCreationOptionsAuthenticatorSelection,
        "excludeCredentials": PasskeyRequestOptionsAllowCredentials,
    }
    challenge: str
    rp: PasskeyCreationOptionsRp
    user: PasskeyCreationOptionsUser
    pubKeyCredParams: List[PasskeyCreationOptionsPubKeyCredParams]
    timeout: int
    attestation: Literal["none"]
    authenticatorSelection: PasskeyCreationOptionsAuthenticatorSelection
    excludeCredentials: List[PasskeyRequestOptionsAllowCredentials]


class Passkey(Record):
    """Passkey, as the server answers it: a dict with attributes."""

    __slots__ = ()
    passkey_id: str
    name: str
    member_id: str
    fingerprint: str
    created_at: str
    last_used_at: Optional[str]


class PasskeyPage(Record):
    """PasskeyPage, as the server answers it: a dict with attributes."""

    __slots__ = ()
    _nested = {
        "items": Passkey,
    }
    items_: List[Passkey]
    next_cursor: Optional[str]


class Ban(Record):
    """Ban, as the server answers it: a dict with attributes."""

    __slots__ = ()
    ban_id: str
    subject: str
    failures: int
    until: str


class BanPage(Record):
    """BanPage, as the server answers it: a dict with attributes."""

    __slots__ = ()
    _nested = {
        "items": Ban,
    }
    items_: List[Ban]
    next_cursor: Optional[str]


class TenantSettingsAttempts(Record):
    """TenantSettingsAttempts, as the server answers it: a dict with attributes."""

    __slots__ = ()
    trivial: Optional[int]
    quick: Optional[int]
    standard: Optional[int]
    deep: Optional[int]
    critical: Optional[int]


class FallbackStep(Record):
    """FallbackStep, as the server answers it: a dict with attributes."""

    __slots__ = ()
    target: Optional[str]
    provider: Optional[str]
    model: Optional[str]
    after: Literal["rate_limited", "failed", "offline"]


class TenantSettingsFallback(Record):
    """TenantSettingsFallback, as the server answers it: a dict with attributes."""

    __slots__ = ()
    _nested = {
        "trivial": FallbackStep,
        "quick": FallbackStep,
        "standard": FallbackStep,
        "deep": FallbackStep,
        "critical": FallbackStep,
    }
    trivial: Optional[List[FallbackStep]]
    quick: Optional[List[FallbackStep]]
    standard: Optional[List[FallbackStep]]
    deep: Optional[List[FallbackStep]]
    critical: Optional[List[FallbackStep]]


class TenantSettings(Record):
    """TenantSettings, as the server answers it: a dict with attributes."""

    __slots__ = ()
    _nested = {
        "attempts": TenantSettingsAttempts,
        "fallback": TenantSettingsFallback,
    }
    require_capability: bool
    default_effort: Literal["trivial", "quick", "standard", "deep", "critical"]
    default_mode: Literal["auto", "local", "cloud"]
    default_expires_in: float
    when_offline: Literal["reject", "queue"]
    attempts: TenantSettingsAttempts
    fallback: TenantSettingsFallback
    default_merge: Literal["worker", "concat", "vote", "first", "none"]
    merge_deadline: int
    review_policies: Dict[str, ReviewPolicy]
    lost_worker_timeout: int
    person_reminder: int
    person_hand_back: int
    person_expires_in: float
    retention_days: int
    version: int
    review_id: Optional[int]


class RegisteredWorker(Record):
    """RegisteredWorker, as the server answers it: a dict with attributes."""

    __slots__ = ()
    _nested = {
        "capabilities": Capability,
    }
    worker_id: str
    name: str
    kind: Literal["silicon", "carbon", "xenon", "companion"]
    capabilities: List[Capability]
    view_url: str
    expires_at: str


class WorkerConfigApplied(Record):
    """WorkerConfigApplied, as the server answers it: a dict with attributes."""

    __slots__ = ()
    version: int
    at: str


class WorkerPresence24h(Record):
    """WorkerPresence24h, as the server answers it: a dict with attributes."""

    __slots__ = ()
    from_: str
    until: str


class Breaker(Record):
    """Breaker, as the server answers it: a dict with attributes."""

    __slots__ = ()
    state: Literal["open", "half-open"]
    until: Optional[str]
    faults: int
    last_fault: Optional[str]


class Worker(Record):
    """Worker, as the server answers it: a dict with attributes."""

    __slots__ = ()
    _nested = {
        "capabilities": Capability,
        "config": WorkerConfig,
        "config_applied": WorkerConfigApplied,
        "presence_24h": WorkerPresence24h,
        "token": MembersCreateReplyKey,
        "breaker": Breaker,
    }
    worker_id: str
    name: str
    kind: Literal["silicon", "carbon", "xenon", "companion"]
    description: str
    capabilities: List[Capability]
    requires_secrets: List[str]
    config: WorkerConfig
    config_version: int
    config_applied: Optional[WorkerConfigApplied]
    presence_24h: Optional[List[WorkerPresence24h]]
    token: Optional[MembersCreateReplyKey]
    may_raise_killswitch: bool
    paused: bool
    revoked_at: Optional[str]
    created_at: str
    last_seen: Optional[str]
    state: Literal["online", "idle", "busy", "deaf", "parked", "offline"]
    running: int
    breaker: Optional[Breaker]
    parked_until: Optional[str]
    member_id: Optional[str]
    review_id: Optional[int]


class WorkerPage(Record):
    """WorkerPage, as the server answers it: a dict with attributes."""

    __slots__ = ()
    _nested = {
        "items": Worker,
    }
    items_: List[Worker]
    next_cursor: Optional[str]


class Presence(Record):
    """Presence, as the server answers it: a dict with attributes."""

    __slots__ = ()
    _nested = {
        "breaker": Breaker,
    }
    worker_id: str
    name: str
    kind: Literal["silicon", "carbon", "xenon", "companion"]
    state: Literal["online", "idle", "busy", "deaf", "parked", "offline"]
    instance: Optional[str]
    transport: Literal["socket", "poll", "none"]
    running: int
    slots: int
    provider: Optional[str]
    model: Optional[str]
    tags: List[str]
    networks: List[str]
    details: Any
    place: Optional[str]
    last_seen: Optional[str]
    breaker: Optional[Breaker]
    parked_until: Optional[str]
    machine: Optional[str]


class PresenceList(Record):
    """PresenceList, as the server answers it: a dict with attributes."""

    __slots__ = ()
    _nested = {
        "items": Presence,
    }
    items_: List[Presence]


class CatalogueClasses(Record):
    """CatalogueClasses, as the server answers it: a dict with attributes."""

    __slots__ = ()
    model_class: Literal["local small", "local", "local large", "program", "cheap hosted", "standard hosted", "premium", "human"]
    cost: float
    quality: float
    speed: float
    locality: Literal["local", "cloud"]


class CatalogueRule(Record):
    """CatalogueRule, as the server answers it: a dict with attributes."""

    __slots__ = ()
    _nested = {
        "price": TokenPrice,
    }
    provider: Optional[str]
    model: Optional[str]
    model_class: Optional[Literal["local small", "local", "local large", "program", "cheap hosted", "standard hosted", "premium", "human"]]
    cost: Optional[float]
    quality: Optional[float]
    speed: Optional[float]
    locality: Optional[Literal["local", "cloud"]]
    price: Optional[TokenPrice]


class CatalogueWorkers(Record):
    """CatalogueWorkers, as the server answers it: a dict with attributes."""

    __slots__ = ()
    _nested = {
        "price": TokenPrice,
    }
    worker_id: str
    name: str
    provider: Optional[str]
    model: Optional[str]
    model_class: Literal["local small", "local", "local large", "program", "cheap hosted", "standard hosted", "premium", "human"]
    cost: float
    quality: float
    speed: float
    locality: Literal["local", "cloud"]
    price: Optional[TokenPrice]
    source: Literal["config", "rule", "built-in"]
    rule: Optional[int]


class Catalogue(Record):
    """Catalogue, as the server answers it: a dict with attributes."""

    __slots__ = ()
    _nested = {
        "classes": CatalogueClasses,
        "rules": CatalogueRule,
        "workers": CatalogueWorkers,
    }
    version: int
    changed_at: Optional[str]
    classes: List[CatalogueClasses]
    rules: List[CatalogueRule]
    workers: List[CatalogueWorkers]


class DiagnosticsChecksBroken(Record):
    """DiagnosticsChecksBroken, as the server answers it: a dict with attributes."""

    __slots__ = ()
    job_id: Optional[int]
    detail: str


class DiagnosticsChecks(Record):
    """DiagnosticsChecks, as the server answers it: a dict with attributes."""

    __slots__ = ()
    _nested = {
        "broken": DiagnosticsChecksBroken,
    }
    id: str
    says: str
    checked: int
    holds: bool
    broken: List[DiagnosticsChecksBroken]


class DiagnosticsStorage(Record):
    """DiagnosticsStorage, as the server answers it: a dict with attributes."""

    __slots__ = ()
    bytes: int
    rows: Dict[str, int]


class DiagnosticsToday(Record):
    """DiagnosticsToday, as the server answers it: a dict with attributes."""

    __slots__ = ()
    since: str
    jobs: int
    audit_rows: int


class DiagnosticsOutbox(Record):
    """DiagnosticsOutbox, as the server answers it: a dict with attributes."""

    __slots__ = ()
    waiting: int
    oldest_at: Optional[str]
    fork_at: Optional[int]


class DiagnosticsHeadroom(Record):
    """DiagnosticsHeadroom, as the server answers it: a dict with attributes."""

    __slots__ = ()
    what: str
    used: float
    limit: float
    unit: Literal["bytes", "count"]
    source: str


class Diagnostics(Record):
    """Diagnostics, as the server answers it: a dict with attributes."""

    __slots__ = ()
    _nested = {
        "checks": DiagnosticsChecks,
        "storage": DiagnosticsStorage,
        "today": DiagnosticsToday,
        "outbox": DiagnosticsOutbox,
        "headroom": DiagnosticsHeadroom,
    }
    at: str
    holds: bool
    checks: List[DiagnosticsChecks]
    partial: bool
    storage: DiagnosticsStorage
    today: DiagnosticsToday
    outbox: DiagnosticsOutbox
    headroom: List[DiagnosticsHeadroom]


class PreviewChoicesCost(Record):
    """PreviewChoicesCost, as the server answers it: a dict with attributes."""

    __slots__ = ()
    known: bool
    low_usd: Optional[float]
    high_usd: Optional[float]
    from_: Optional[Literal["reported", "price"]]
    jobs: int
    says: str


class PreviewChoices(Record):
    """PreviewChoices, as the server answers it: a dict with attributes."""

    __slots__ = ()
    _nested = {
        "cost": PreviewChoicesCost,
    }
    worker: str
    hold: Optional[Literal["review", "schedule", "secrets", "budget", "key"]]
    model_class: str
    expected_seconds: Optional[float]
    cost: PreviewChoicesCost


class PreviewWorkers(Record):
    """PreviewWorkers, as the server answers it: a dict with attributes."""

    __slots__ = ()
    worker_id: str
    name: str
    eligible: bool
    live: bool
    score: Optional[float]
    reasons: List[str]


class PreviewFallback(Record):
    """PreviewFallback, as the server answers it: a dict with attributes."""

    __slots__ = ()
    step: int
    after: Literal["rate_limited", "failed", "offline"]
    target: Optional[str]
    provider: Optional[str]
    model: Optional[str]
    worker: Optional[str]


class Preview(Record):
    """Preview, as the server answers it: a dict with attributes."""

    __slots__ = ()
    _nested = {
        "choices": PreviewChoices,
        "workers": PreviewWorkers,
        "fallback": PreviewFallback,
    }
    would: Literal["queue", "hold", "refuse"]
    answer: str
    code: Optional[str]
    hold: Optional[Literal["review", "schedule", "secrets", "budget", "key"]]
    choices: List[PreviewChoices]
    workers: List[PreviewWorkers]
    fallback: Optional[List[PreviewFallback]]


class JobList(Record):
    """JobList, as the server answers it: a dict with attributes."""

    __slots__ = ()
    _nested = {
        "items": Job,
    }
    items_: List[Job]


class Context(Record):
    """Context, as the server answers it: a dict with attributes."""

    __slots__ = ()
    policy: str
    size: int
    context: str


class JobPage(Record):
    """JobPage, as the server answers it: a dict with attributes."""

    __slots__ = ()
    _nested = {
        "items": Job,
    }
    items_: List[Job]
    next_cursor: Optional[str]


class JobCounts(Record):
    """JobCounts, as the server answers it: a dict with attributes."""

    __slots__ = ()
    pending: int
    running: int
    retry: int
    counted_to: int


class JobsAbortManyReply(Record):
    """JobsAbortManyReply, as the server answers it: a dict with attributes."""

    __slots__ = ()
    count: int
    dry_run: bool
    job_ids: List[int]
    remaining: int


class Why(Record):
    """Why, as the server answers it: a dict with attributes."""

    __slots__ = ()
    _nested = {
        "workers": PreviewWorkers,
        "fallback": PreviewFallback,
    }
    job_id: int
    status: Literal["pending", "running", "retry", "done", "failed"]
    answer: str
    ahead: Optional[int]
    workers: List[PreviewWorkers]
    timeout_at: Optional[str]
    fallback: Optional[List[PreviewFallback]]


class RepeatedJobFanOut(Record):
    """RepeatedJobFanOut, as the server answers it: a dict with attributes."""

    __slots__ = ()
    count: int
    distinct: Literal["worker", "provider", "model"]


class RepeatedJobMerge(Record):
    """RepeatedJobMerge, as the server answers it: a dict with attributes."""

    __slots__ = ()
    by: Literal["worker", "concat", "vote", "first", "none"]
    worker: Optional[str]
    prompt: Optional[str]
    quorum: Optional[int]
    deadline: Optional[float]
    vote_field: Optional[str]


class RepeatedJob(Record):
    """RepeatedJob, as the server answers it: a dict with attributes."""

    __slots__ = ()
    _nested = {
        "concurrency": Concurrency,
        "rate": Rate,
        "fallback": FallbackStep,
        "fan_out": RepeatedJobFanOut,
        "merge": RepeatedJobMerge,
    }
    prompt: str
    input: Any
    capability: Optional[str]
    target: Optional[str]
    tags: Optional[List[str]]
    networks: Optional[List[str]]
    substrate: Optional[Literal["silicon", "carbon", "xenon"]]
    provider: Optional[str]
    model: Optional[str]
    effort: Optional[Literal["trivial", "quick", "standard", "deep", "critical"]]
    mode: Optional[Literal["auto", "local", "cloud"]]
    avoid: Optional[List[str]]
    priority: Optional[int]
    thread_id: Optional[str]
    session_id: Optional[str]
    context: Optional[str]
    context_text: Optional[str]
    context_from: Optional[int]
    requires_secrets: Optional[List[str]]
    timeout: Optional[float]
    silence_timeout: Optional[float]
    expires_in: Optional[float]
    max_attempts: Optional[int]
    metadata: Any
    concurrency: Optional[Concurrency]
    rate: Optional[Rate]
    when_offline: Optional[Literal["reject", "queue"]]
    prefer: Optional[List[str]]
    fallback: Optional[List[FallbackStep]]
    targets: Optional[List[str]]
    fan_out: Optional[RepeatedJobFanOut]
    merge: Optional[RepeatedJobMerge]


class ScheduleApprovals(Record):
    """ScheduleApprovals, as the server answers it: a dict with attributes."""

    __slots__ = ()
    by: str
    at: str
    expires_at: str
    void: Optional[str]


class ScheduleRun(Record):
    """ScheduleRun, as the server answers it: a dict with attributes."""

    __slots__ = ()
    run_id: int
    due_at: Optional[str]
    at: str
    outcome: Literal["dispatched", "skipped", "refused", "missed"]
    job_id: Optional[int]
    code: Optional[str]
    detail: Optional[str]


class Schedule(Record):
    """Schedule, as the server answers it: a dict with attributes."""

    __slots__ = ()
    _nested = {
        "job": RepeatedJob,
        "approvals": ScheduleApprovals,
        "last_runs": ScheduleRun,
    }
    schedule_id: str
    name: str
    cron: Optional[str]
    every: Optional[float]
    timezone: str
    job: RepeatedJob
    overlap: Literal["skip", "queue", "replace"]
    catch_up: Literal["none", "last", "all"]
    jitter: float
    paused: bool
    starts_at: Optional[str]
    ends_at: Optional[str]
    max_runs: Optional[int]
    runs: int
    version: int
    digest: str
    approvals: List[ScheduleApprovals]
    owner: Optional[str]
    created_at: str
    next_runs: List[str]
    last_runs: List[ScheduleRun]


class SchedulePreviewed(Record):
    """SchedulePreviewed, as the server answers it: a dict with attributes."""

    __slots__ = ()
    next_runs: List[str]


class SchedulePage(Record):
    """SchedulePage, as the server answers it: a dict with attributes."""

    __slots__ = ()
    _nested = {
        "items": Schedule,
    }
    items_: List[Schedule]
    next_cursor: Optional[str]


class SchedulesDeleteReply(Record):
    """SchedulesDeleteReply, as the server answers it: a dict with attributes."""

    __slots__ = ()
    ok: bool


class ScheduleRan(Record):
    """ScheduleRan, as the server answers it: a dict with attributes."""

    __slots__ = ()
    _nested = {
        "run": ScheduleRun,
    }
    run: ScheduleRun


class ScheduleRunPage(Record):
    """ScheduleRunPage, as the server answers it: a dict with attributes."""

    __slots__ = ()
    _nested = {
        "items": ScheduleRun,
    }
    items_: List[ScheduleRun]
    next_cursor: Optional[str]


class ThreadDefaults(Record):
    """ThreadDefaults, as the server answers it: a dict with attributes."""

    __slots__ = ()
    effort: Optional[Literal["trivial", "quick", "standard", "deep", "critical"]]
    mode: Optional[Literal["auto", "local", "cloud"]]
    target: Optional[str]
    capability: Optional[str]


class Thread(Record):
    """Thread, as the server answers it: a dict with attributes."""

    __slots__ = ()
    _nested = {
        "defaults": ThreadDefaults,
    }
    thread_id: str
    title: str
    archived: bool
    defaults: ThreadDefaults
    jobs: int
    running: int
    workers: List[str]
    members: List[str]
    created_at: str
    last_activity: str


class ThreadPage(Record):
    """ThreadPage, as the server answers it: a dict with attributes."""

    __slots__ = ()
    _nested = {
        "items": Thread,
    }
    items_: List[Thread]
    next_cursor: Optional[str]


class Turn(Record):
    """Turn, as the server answers it: a dict with attributes."""

    __slots__ = ()
    _nested = {
        "usage": Usage,
    }
    job_id: int
    kind: Literal["job", "fan_out"]
    prompt: str
    context: Optional[str]
    status: Literal["pending", "running", "retry", "done", "failed"]
    answer: Optional[str]
    truncated: bool
    workers: List[str]
    job_ids: List[int]
    usage: Optional[Usage]
    created_by: Optional[str]
    created_at: str
    ended_at: Optional[str]


class ThreadWithTurns(Record):
    """ThreadWithTurns, as the server answers it: a dict with attributes."""

    __slots__ = ()
    _nested = {
        "defaults": ThreadDefaults,
        "turns": Turn,
    }
    thread_id: str
    title: str
    archived: bool
    defaults: ThreadDefaults
    jobs: int
    running: int
    workers: List[str]
    members: List[str]
    created_at: str
    last_activity: str
    turns: List[Turn]
    archive: Optional[Literal["read", "unavailable"]]
    next_cursor: Optional[str]


class ThreadAborted(Record):
    """ThreadAborted, as the server answers it: a dict with attributes."""

    __slots__ = ()
    job_ids: List[int]
    remaining: int


class ThreadDeleted(Record):
    """ThreadDeleted, as the server answers it: a dict with attributes."""

    __slots__ = ()
    thread_id: str
    erased_jobs: int
    aborted: List[int]
    complete: bool
    deleted_at: str


class ClaimsInboxReply(Record):
    """ClaimsInboxReply, as the server answers it: a dict with attributes."""

    __slots__ = ()
    _nested = {
        "jobs": Job,
        "killswitch": KillswitchBrief,
    }
    jobs: List[Job]
    killswitch: KillswitchBrief


class ClaimsClaimReply(Record):
    """ClaimsClaimReply, as the server answers it: a dict with attributes."""

    __slots__ = ()
    _nested = {
        "job": Job,
        "lease": Lease,
        "killswitch": KillswitchBrief,
    }
    job: Job
    lease: Lease
    killswitch: KillswitchBrief


class ClaimsPollReply(Record):
    """ClaimsPollReply, as the server answers it: a dict with attributes."""

    __slots__ = ()
    _nested = {
        "offers": Offer,
        "killswitch": KillswitchBrief,
    }
    offers: List[Offer]
    killswitch: KillswitchBrief


class ClaimsOutputReply(Record):
    """ClaimsOutputReply, as the server answers it: a dict with attributes."""

    __slots__ = ()
    next_seq: int
    closed: bool


class ClaimsCompleteReply(Record):
    """ClaimsCompleteReply, as the server answers it: a dict with attributes."""

    __slots__ = ()
    _nested = {
        "job": Job,
        "killswitch": KillswitchBrief,
    }
    job: Job
    killswitch: KillswitchBrief


class ClaimsAuthorizeReply(Record):
    """ClaimsAuthorizeReply, as the server answers it: a dict with attributes."""

    __slots__ = ()
    outcome: Literal["allowed", "waiting", "refused"]
    review_id: Optional[int]
    grant_id: Optional[str]
    action: Any
    comment: Optional[str]


class Person(Record):
    """Person, as the server answers it: a dict with attributes."""

    __slots__ = ()
    _nested = {
        "capabilities": Capability,
    }
    worker_id: str
    name: str
    description: str
    taking: bool
    paused: bool
    capabilities: List[Capability]
    slots: int


class PersonClaim(Record):
    """PersonClaim, as the server answers it: a dict with attributes."""

    __slots__ = ()
    attempt: int
    since: str
    seen_at: str
    remind_at: str
    reminded: bool
    hand_back_at: str
    deadline_at: str


class WorkItem(Record):
    """WorkItem, as the server answers it: a dict with attributes."""

    __slots__ = ()
    _nested = {
        "claim": PersonClaim,
        "error": JobError,
    }
    job_id: int
    status: Literal["pending", "running", "retry", "done", "failed"]
    title: str
    why: str
    capability: Optional[str]
    effort: Literal["trivial", "quick", "standard", "deep", "critical"]
    priority: int
    thread_id: Optional[str]
    created_by: Optional[str]
    created_at: str
    expires_at: Optional[str]
    claim: Optional[PersonClaim]
    error: Optional[JobError]
    ended_at: Optional[str]


class WorkInbox(Record):
    """WorkInbox, as the server answers it: a dict with attributes."""

    __slots__ = ()
    _nested = {
        "person": Person,
        "claimed": WorkItem,
        "offered": WorkItem,
        "ended": WorkItem,
        "killswitch": KillswitchBrief,
    }
    person: Optional[Person]
    claimed: List[WorkItem]
    offered: List[WorkItem]
    ended: List[WorkItem]
    killswitch: KillswitchBrief


class WorkHereReply(Record):
    """WorkHereReply, as the server answers it: a dict with attributes."""

    __slots__ = ()
    taking: bool
    claimed: int


class WorkJob(Record):
    """WorkJob, as the server answers it: a dict with attributes."""

    __slots__ = ()
    _nested = {
        "job": Job,
        "item": WorkItem,
        "files": Artifact,
        "killswitch": KillswitchBrief,
    }
    job: Job
    item: WorkItem
    context: str
    files: List[Artifact]
    killswitch: KillswitchBrief


class ReviewPage(Record):
    """ReviewPage, as the server answers it: a dict with attributes."""

    __slots__ = ()
    _nested = {
        "items": Review,
    }
    items_: List[Review]
    next_cursor: Optional[str]


class SigningOptionsEdited(Record):
    """SigningOptionsEdited, as the server answers it: a dict with attributes."""

    __slots__ = ()
    payload: Any
    digest: str


class SigningOptions(Record):
    """SigningOptions, as the server answers it: a dict with attributes."""

    __slots__ = ()
    _nested = {
        "options": PasskeyRequestOptions,
        "edited": SigningOptionsEdited,
    }
    options: PasskeyRequestOptions
    text: str
    nonce: str
    edited: Optional[SigningOptionsEdited]


class ReviewsDecideManyReplyLeftOut(Record):
    """ReviewsDecideManyReplyLeftOut, as the server answers it: a dict with attributes."""

    __slots__ = ()
    review_id: int
    reason: str


class ReviewsDecideManyReply(Record):
    """ReviewsDecideManyReply, as the server answers it: a dict with attributes."""

    __slots__ = ()
    _nested = {
        "left_out": ReviewsDecideManyReplyLeftOut,
    }
    decided: List[int]
    left_out: List[ReviewsDecideManyReplyLeftOut]


class Grant(Record):
    """Grant, as the server answers it: a dict with attributes."""

    __slots__ = ()
    grant_id: str
    worker_id: str
    capability: str
    session: str
    uses: int
    max_uses: Optional[int]
    granted_by: str
    review_id: int
    created_at: str
    expires_at: str
    revoked_at: Optional[str]


class GrantPage(Record):
    """GrantPage, as the server answers it: a dict with attributes."""

    __slots__ = ()
    _nested = {
        "items": Grant,
    }
    items_: List[Grant]
    next_cursor: Optional[str]


class AuditRowActor(Record):
    """AuditRowActor, as the server answers it: a dict with attributes."""

    __slots__ = ()
    kind: Literal["member", "worker", "system", "master"]
    id: str
    name: str


class AuditRow(Record):
    """AuditRow, as the server answers it: a dict with attributes."""

    __slots__ = ()
    _nested = {
        "actor": AuditRowActor,
        "proof": DecisionProof,
    }
    seq: int
    at: str
    actor: AuditRowActor
    action: str
    subject: str
    job_id: Optional[int]
    worker_id: Optional[str]
    capability: Optional[str]
    risk_tier: Optional[str]
    digest: Optional[str]
    proof: Optional[DecisionProof]
    summary: str
    prev_hash: str
    hash: str
    mac: str


class AuditRowPage(Record):
    """AuditRowPage, as the server answers it: a dict with attributes."""

    __slots__ = ()
    _nested = {
        "items": AuditRow,
    }
    items_: List[AuditRow]
    next_cursor: Optional[str]


class AuditHead(Record):
    """AuditHead, as the server answers it: a dict with attributes."""

    __slots__ = ()
    seq: int
    hash: str
    at: str
    kid: str
    signature: str


class AuditKeyJwk(Record):
    """AuditKeyJwk, as the server answers it: a dict with attributes."""

    __slots__ = ()
    kty: Literal["OKP"]
    crv: Literal["Ed25519"]
    x: str


class AuditKey(Record):
    """AuditKey, as the server answers it: a dict with attributes."""

    __slots__ = ()
    _nested = {
        "jwk": AuditKeyJwk,
    }
    kid: str
    jwk: AuditKeyJwk
    raw: str


class AuditHeadPage(Record):
    """AuditHeadPage, as the server answers it: a dict with attributes."""

    __slots__ = ()
    _nested = {
        "items": AuditHead,
        "keys": AuditKey,
    }
    items_: List[AuditHead]
    next_cursor: Optional[str]
    tenant: str
    keys_: List[AuditKey]


class AuditVerificationFault(Record):
    """AuditVerificationFault, as the server answers it: a dict with attributes."""

    __slots__ = ()
    kind: Literal["changed", "deleted", "inserted", "reordered", "truncated", "rewritten", "forged", "head-missing", "incomplete", "malformed"]
    seq: Optional[int]
    detail: str


class AuditVerification(Record):
    """AuditVerification, as the server answers it: a dict with attributes."""

    __slots__ = ()
    _nested = {
        "last_head": AuditHead,
        "fault": AuditVerificationFault,
    }
    ok: bool
    complete: bool
    rows: int
    first_seq: Optional[int]
    last_seq: Optional[int]
    heads: int
    last_head: Optional[AuditHead]
    fault: Optional[AuditVerificationFault]
    next_cursor: Optional[str]


class ToLookAt(Record):
    """ToLookAt, as the server answers it: a dict with attributes."""

    __slots__ = ()
    seq: int
    at: str
    action: str
    job_id: Optional[int]
    worker_id: Optional[str]
    worker: Optional[str]
    capability: Optional[str]
    digest: Optional[str]
    summary: str
    seen_at: Optional[str]
    seen_by: Optional[str]


class ToLookAtPage(Record):
    """ToLookAtPage, as the server answers it: a dict with attributes."""

    __slots__ = ()
    _nested = {
        "items": ToLookAt,
    }
    items_: List[ToLookAt]
    next_cursor: Optional[str]


class AuditSeenReply(Record):
    """AuditSeenReply, as the server answers it: a dict with attributes."""

    __slots__ = ()
    seen: List[int]


class WebhooksCreateReply(Record):
    """WebhooksCreateReply, as the server answers it: a dict with attributes."""

    __slots__ = ()
    webhook_id: str
    url: str
    events: List[Literal["review.created", "review.settled", "review.reminded", "review.escalated", "killswitch.raised", "work.reminded"]]
    created_by: str
    created_at: str
    disabled_at: Optional[str]
    secret: str


class Webhook(Record):
    """Webhook, as the server answers it: a dict with attributes."""

    __slots__ = ()
    webhook_id: str
    url: str
    events: List[Literal["review.created", "review.settled", "review.reminded", "review.escalated", "killswitch.raised", "work.reminded"]]
    created_by: str
    created_at: str
    disabled_at: Optional[str]


class WebhookPage(Record):
    """WebhookPage, as the server answers it: a dict with attributes."""

    __slots__ = ()
    _nested = {
        "items": Webhook,
    }
    items_: List[Webhook]
    next_cursor: Optional[str]


class WebhookDeliveryAttempts(Record):
    """WebhookDeliveryAttempts, as the server answers it: a dict with attributes."""

    __slots__ = ()
    at: str
    status: Optional[int]
    error: Optional[str]
    took_ms: float


class WebhookDelivery(Record):
    """WebhookDelivery, as the server answers it: a dict with attributes."""

    __slots__ = ()
    _nested = {
        "attempts": WebhookDeliveryAttempts,
    }
    delivery_id: int
    message_id: str
    event: Literal["review.created", "review.settled", "review.reminded", "review.escalated", "killswitch.raised", "work.reminded"]
    state: Literal["pending", "delivered", "failed"]
    created_at: str
    next_attempt_at: Optional[str]
    attempts: List[WebhookDeliveryAttempts]


class WebhookDeliveryPage(Record):
    """WebhookDeliveryPage, as the server answers it: a dict with attributes."""

    __slots__ = ()
    _nested = {
        "items": WebhookDelivery,
    }
    items_: List[WebhookDelivery]
    next_cursor: Optional[str]


class DevicesKeyReply(Record):
    """DevicesKeyReply, as the server answers it: a dict with attributes."""

    __slots__ = ()
    public_key: str


class Device(Record):
    """Device, as the server answers it: a dict with attributes."""

    __slots__ = ()
    device_id: str
    name: str
    push_service: str
    created_at: str
    succeeded_at: Optional[str]
    failed_at: Optional[str]
    failure: Optional[str]
    next_at: Optional[str]
    current: bool


class DevicePage(Record):
    """DevicePage, as the server answers it: a dict with attributes."""

    __slots__ = ()
    _nested = {
        "items": Device,
    }
    items_: List[Device]
    next_cursor: Optional[str]


class ArtifactPage(Record):
    """ArtifactPage, as the server answers it: a dict with attributes."""

    __slots__ = ()
    _nested = {
        "items": Artifact,
    }
    items_: List[Artifact]
    next_cursor: Optional[str]


__all__ = [
    "JobChildren",
    "MergeStatePicked",
    "MergeStateCounts",
    "MergeState",
    "FallbackStateAsked",
    "FallbackStateSteps",
    "FallbackState",
    "Concurrency",
    "Rate",
    "Usage",
    "JobError",
    "ArtifactBrief",
    "Job",
    "Lease",
    "Offer",
    "ReviewPolicyQuorum",
    "ReviewPolicy",
    "Capability",
    "PresenceReplyWorker",
    "TokenPrice",
    "WorkerConfig",
    "KillswitchBrief",
    "PresenceReplyAborts",
    "PresenceReplyIntervals",
    "PresenceReply",
    "ReviewEditedFrom",
    "DecisionProofGrant",
    "DecisionProof",
    "Decision",
    "ReviewQuorum",
    "Review",
    "Artifact",
    "KillswitchAcknowledged",
    "KillswitchStragglers",
    "Killswitch",
    "Health",
    "TenantsCreateReplyOwner",
    "TenantsCreateReply",
    "Tenant",
    "TenantPage",
    "WhoAmI",
    "MembersCreateReplyKey",
    "MembersCreateReply",
    "Member",
    "MemberPage",
    "MembersRevokeReplyJobs",
    "MembersRevokeReply",
    "MembersRotateReply",
    "SealedView",
    "Session",
    "SignedInMember",
    "SignedIn",
    "PasskeyRequestOptionsAllowCredentials",
    "PasskeyRequestOptions",
    "SessionPage",
    "SessionsEndReply",
    "PasskeyCreationOptionsRp",
    "PasskeyCreationOptionsUser",
    "PasskeyCreationOptionsPubKeyCredParams",
    "PasskeyCreationOptionsAuthenticatorSelection",
    "PasskeyCreationOptions",
    "Passkey",
    "PasskeyPage",
    "Ban",
    "BanPage",
    "TenantSettingsAttempts",
    "FallbackStep",
    "TenantSettingsFallback",
    "TenantSettings",
    "RegisteredWorker",
    "WorkerConfigApplied",
    "WorkerPresence24h",
    "Breaker",
    "Worker",
    "WorkerPage",
    "Presence",
    "PresenceList",
    "CatalogueClasses",
    "CatalogueRule",
    "CatalogueWorkers",
    "Catalogue",
    "DiagnosticsChecksBroken",
    "DiagnosticsChecks",
    "DiagnosticsStorage",
    "DiagnosticsToday",
    "DiagnosticsOutbox",
    "DiagnosticsHeadroom",
    "Diagnostics",
    "PreviewChoicesCost",
    "PreviewChoices",
    "PreviewWorkers",
    "PreviewFallback",
    "Preview",
    "JobList",
    "Context",
    "JobPage",
    "JobCounts",
    "JobsAbortManyReply",
    "Why",
    "RepeatedJobFanOut",
    "RepeatedJobMerge",
    "RepeatedJob",
    "ScheduleApprovals",
    "ScheduleRun",
    "Schedule",
    "SchedulePreviewed",
    "SchedulePage",
    "SchedulesDeleteReply",
    "ScheduleRan",
    "ScheduleRunPage",
    "ThreadDefaults",
    "Thread",
    "ThreadPage",
    "Turn",
    "ThreadWithTurns",
    "ThreadAborted",
    "ThreadDeleted",
    "ClaimsInboxReply",
    "ClaimsClaimReply",
    "ClaimsPollReply",
    "ClaimsOutputReply",
    "ClaimsCompleteReply",
    "ClaimsAuthorizeReply",
    "Person",
    "PersonClaim",
    "WorkItem",
    "WorkInbox",
    "WorkHereReply",
    "WorkJob",
    "ReviewPage",
    "SigningOptionsEdited",
    "SigningOptions",
    "ReviewsDecideManyReplyLeftOut",
    "ReviewsDecideManyReply",
    "Grant",
    "GrantPage",
    "AuditRowActor",
    "AuditRow",
    "AuditRowPage",
    "AuditHead",
    "AuditKeyJwk",
    "AuditKey",
    "AuditHeadPage",
    "AuditVerificationFault",
    "AuditVerification",
    "ToLookAt",
    "ToLookAtPage",
    "AuditSeenReply",
    "WebhooksCreateReply",
    "Webhook",
    "WebhookPage",
    "WebhookDeliveryAttempts",
    "WebhookDelivery",
    "WebhookDeliveryPage",
    "DevicesKeyReply",
    "Device",
    "DevicePage",
    "ArtifactPage",
]
