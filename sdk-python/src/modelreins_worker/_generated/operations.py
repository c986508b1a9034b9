"""Responsible for the typed methods of the client, one per operation. Made by `npm run generate` from the contract: do not edit."""

from __future__ import annotations

from typing import Any, Literal, Mapping, Optional, Sequence, Union, cast

from .._record import UNSET, Call, Unset, fields
from .models import (
    Artifact,
    ArtifactPage,
    AuditHeadPage,
    AuditRowPage,
    AuditSeenReply,
    AuditVerification,
    Ban,
    BanPage,
    Catalogue,
    ClaimsAuthorizeReply,
    ClaimsClaimReply,
    ClaimsCompleteReply,
    ClaimsInboxReply,
    ClaimsOutputReply,
    ClaimsPollReply,
    Context,
    Device,
    DevicePage,
    DevicesKeyReply,
    Diagnostics,
    Grant,
    GrantPage,
    Health,
    Job,
    JobCounts,
    JobList,
    JobPage,
    JobsAbortManyReply,
    Killswitch,
    MemberPage,
    MembersCreateReply,
    MembersRevokeReply,
    MembersRotateReply,
    Passkey,
    PasskeyCreationOptions,
    PasskeyPage,
    PasskeyRequestOptions,
    Person,
    PresenceList,
    PresenceReply,
    Preview,
    RegisteredWorker,
    Review,
    ReviewPage,
    ReviewsDecideManyReply,
    Schedule,
    SchedulePage,
    SchedulePreviewed,
    ScheduleRan,
    ScheduleRunPage,
    SchedulesDeleteReply,
    SealedView,
    SessionPage,
    SessionsEndReply,
    SignedIn,
    SigningOptions,
    Tenant,
    TenantPage,
    TenantSettings,
    TenantsCreateReply,
    Thread,
    ThreadAborted,
    ThreadDeleted,
    ThreadPage,
    ThreadWithTurns,
    ToLookAtPage,
    WebhookDelivery,
    WebhookDeliveryPage,
    WebhookPage,
    WebhooksCreateReply,
    WhoAmI,
    Why,
    WorkHereReply,
    WorkInbox,
    WorkJob,
    Worker,
    WorkerPage,
)


class _Noun:
    """Methods about one subject, bound to a client."""

    def __init__(self, call: Call) -> None:
        self._call = call


class ServiceOperations(_Noun):
    """Operations about service."""

    def health(
        self,
        *,
        request_timeout: Optional[float] = None,
    ) -> Health:
        """Health of the service and its dependencies.

        GET /api/v1/health
        """
        return Health.of(self._call("service.health", {}, timeout=request_timeout))

    def openapi(
        self,
        *,
        request_timeout: Optional[float] = None,
    ) -> Any:
        """The API as OpenAPI 3.1.

        GET /openapi.json
        """
        return self._call("service.openapi", {}, timeout=request_timeout)

    def docs(
        self,
        *,
        request_timeout: Optional[float] = None,
    ) -> str:
        """API reference as a web page.

        GET /docs
        """
        return cast("str", self._call("service.docs", {}, timeout=request_timeout))

    def metrics(
        self,
        *,
        request_timeout: Optional[float] = None,
    ) -> str:
        """Gauges of the tenant in Prometheus text format.

        GET /api/v1/metrics
        """
        return cast("str", self._call("service.metrics", {}, timeout=request_timeout))


class TenantsOperations(_Noun):
    """Operations about tenants."""

    def create(
        self,
        *,
        tenant: str,
        name: Optional[str] = None,
        owner_name: Optional[str] = None,
        require_capability: Optional[bool] = None,
        request_timeout: Optional[float] = None,
    ) -> TenantsCreateReply:
        """Create a tenant and its first owner.

        POST /api/v1/tenants

        :raises ModelReinsError: ``name-taken``.
        """
        return TenantsCreateReply.of(self._call("tenants.create", fields(locals()), timeout=request_timeout))

    def list(
        self,
        *,
        limit: Optional[int] = None,
        cursor: Optional[str] = None,
        request_timeout: Optional[float] = None,
    ) -> TenantPage:
        """List tenants.

        GET /api/v1/tenants
        """
        return TenantPage.of(self._call("tenants.list", fields(locals()), timeout=request_timeout))

    def suspend(
        self,
        tenant: str,
        *,
        request_timeout: Optional[float] = None,
    ) -> Tenant:
        """Refuse every token of a tenant.

        POST /api/v1/tenants/:tenant/suspend

        :raises ModelReinsError: ``not-found``.
        """
        return Tenant.of(self._call("tenants.suspend", fields(locals()), timeout=request_timeout))

    def resume(
        self,
        tenant: str,
        *,
        request_timeout: Optional[float] = None,
    ) -> Tenant:
        """Accept the tokens of a suspended tenant again.

        POST /api/v1/tenants/:tenant/resume

        :raises ModelReinsError: ``not-found``.
        """
        return Tenant.of(self._call("tenants.resume", fields(locals()), timeout=request_timeout))


class MembersOperations(_Noun):
    """Operations about members."""

    def whoami(
        self,
        *,
        request_timeout: Optional[float] = None,
    ) -> WhoAmI:
        """Identify the caller of a token.

        GET /api/v1/whoami
        """
        return WhoAmI.of(self._call("members.whoami", {}, timeout=request_timeout))

    def create(
        self,
        *,
        name: str,
        role: Literal["owner", "operator", "reviewer", "viewer"],
        request_timeout: Optional[float] = None,
    ) -> MembersCreateReply:
        """Add a member; the key is delivered once through view_url.

        POST /api/v1/members

        :raises ModelReinsError: ``name-taken``.
        """
        return MembersCreateReply.of(self._call("members.create", fields(locals()), timeout=request_timeout))

    def list(
        self,
        *,
        limit: Optional[int] = None,
        cursor: Optional[str] = None,
        request_timeout: Optional[float] = None,
    ) -> MemberPage:
        """List members.

        GET /api/v1/members
        """
        return MemberPage.of(self._call("members.list", fields(locals()), timeout=request_timeout))

    def revoke(
        self,
        member_id: str,
        *,
        stop_jobs: Optional[bool] = None,
        request_timeout: Optional[float] = None,
    ) -> MembersRevokeReply:
        """Revoke a member key; the row is kept. Reports how many of their jobs wait or run; `stop_jobs` aborts them.

        DELETE /api/v1/members/:member_id

        :raises ModelReinsError: ``not-found``, ``conflict``.
        """
        return MembersRevokeReply.of(self._call("members.revoke", fields(locals()), timeout=request_timeout))

    def rotate(
        self,
        member_id: str,
        *,
        keep_running: Optional[bool] = None,
        request_timeout: Optional[float] = None,
    ) -> MembersRotateReply:
        """Rotate a member key; the old key and the attempts of its companions end at once unless keep_running.

        POST /api/v1/members/:member_id/rotate

        :raises ModelReinsError: ``not-found``, ``wrong-state``.
        """
        return MembersRotateReply.of(self._call("members.rotate", fields(locals()), timeout=request_timeout))


class ViewsOperations(_Noun):
    """Operations about views."""

    def reveal(
        self,
        view_id: str,
        *,
        proof: Optional[str] = None,
        request_timeout: Optional[float] = None,
    ) -> SealedView:
        """Take the ciphertext of a one-time view and erase it.

        POST /api/v1/views/:view_id/reveal

        :raises ModelReinsError: ``not-found``, ``gone``.
        """
        return SealedView.of(self._call("views.reveal", fields(locals()), timeout=request_timeout))


class SessionsOperations(_Noun):
    """Operations about sessions."""

    def create(
        self,
        *,
        key: str,
        request_timeout: Optional[float] = None,
    ) -> SignedIn:
        """Sign in a browser with a member key; the session is set as a cookie.

        POST /api/v1/sessions

        :raises ModelReinsError: ``unauthorized``, ``forbidden``, ``rate-limited``.
        """
        return SignedIn.of(self._call("sessions.create", fields(locals()), timeout=request_timeout))

    def passkey_options(
        self,
        *,
        request_timeout: Optional[float] = None,
    ) -> PasskeyRequestOptions:
        """Get the challenge for a sign-in with a passkey.

        POST /api/v1/sessions/passkey/options

        :raises ModelReinsError: ``forbidden``.
        """
        return PasskeyRequestOptions.of(self._call("sessions.passkey_options", {}, timeout=request_timeout))

    def create_with_passkey(
        self,
        *,
        credential: Mapping[str, Any],
        request_timeout: Optional[float] = None,
    ) -> SignedIn:
        """Sign in a browser with a passkey; the session is set as a cookie.

        POST /api/v1/sessions/passkey

        :raises ModelReinsError: ``unauthorized``, ``forbidden``, ``rate-limited``.
        """
        return SignedIn.of(self._call("sessions.create_with_passkey", fields(locals()), timeout=request_timeout))

    def list(
        self,
        *,
        member_id: Optional[str] = None,
        request_timeout: Optional[float] = None,
    ) -> SessionPage:
        """List the browser sessions of the caller, or of one member.

        GET /api/v1/sessions

        :raises ModelReinsError: ``not-found``.
        """
        return SessionPage.of(self._call("sessions.list", fields(locals()), timeout=request_timeout))

    def end(
        self,
        session_id: Union[Literal["current"], str],
        *,
        request_timeout: Optional[float] = None,
    ) -> SessionsEndReply:
        """End one browser session; `current` is the session of the caller.

        DELETE /api/v1/sessions/:session_id

        :raises ModelReinsError: ``not-found``.
        """
        return SessionsEndReply.of(self._call("sessions.end", fields(locals()), timeout=request_timeout))

    def end_many(
        self,
        *,
        others: Optional[bool] = None,
        member_id: Optional[str] = None,
        request_timeout: Optional[float] = None,
    ) -> SessionsEndReply:
        """End the other browser sessions of the caller, or all of one member.

        DELETE /api/v1/sessions

        :raises ModelReinsError: ``not-found``.
        """
        return SessionsEndReply.of(self._call("sessions.end_many", fields(locals()), timeout=request_timeout))


class PasskeysOperations(_Noun):
    """Operations about passkeys."""

    def options(
        self,
        *,
        request_timeout: Optional[float] = None,
    ) -> PasskeyCreationOptions:
        """Get the challenge for the registration of a passkey.

        POST /api/v1/passkeys/options

        :raises ModelReinsError: ``conflict``.
        """
        return PasskeyCreationOptions.of(self._call("passkeys.options", {}, timeout=request_timeout))

    def create(
        self,
        *,
        name: str,
        credential: Mapping[str, Any],
        request_timeout: Optional[float] = None,
    ) -> Passkey:
        """Register a passkey of the caller.

        POST /api/v1/passkeys

        :raises ModelReinsError: ``conflict``.
        """
        return Passkey.of(self._call("passkeys.create", fields(locals()), timeout=request_timeout))

    def list(
        self,
        *,
        request_timeout: Optional[float] = None,
    ) -> PasskeyPage:
        """List the passkeys of the caller.

        GET /api/v1/passkeys
        """
        return PasskeyPage.of(self._call("passkeys.list", {}, timeout=request_timeout))

    def rename(
        self,
        passkey_id: str,
        *,
        name: str,
        request_timeout: Optional[float] = None,
    ) -> Passkey:
        """Rename a passkey of the caller.

        PATCH /api/v1/passkeys/:passkey_id

        :raises ModelReinsError: ``not-found``.
        """
        return Passkey.of(self._call("passkeys.rename", fields(locals()), timeout=request_timeout))

    def remove(
        self,
        passkey_id: str,
        *,
        request_timeout: Optional[float] = None,
    ) -> Passkey:
        """Remove a passkey of the caller; its sessions end.

        DELETE /api/v1/passkeys/:passkey_id

        :raises ModelReinsError: ``not-found``.
        """
        return Passkey.of(self._call("passkeys.remove", fields(locals()), timeout=request_timeout))


class BansOperations(_Noun):
    """Operations about bans."""

    def list(
        self,
        *,
        request_timeout: Optional[float] = None,
    ) -> BanPage:
        """List addresses and members whose sign-ins by key are refused for a while.

        GET /api/v1/bans
        """
        return BanPage.of(self._call("bans.list", {}, timeout=request_timeout))

    def lift(
        self,
        ban_id: str,
        *,
        request_timeout: Optional[float] = None,
    ) -> Ban:
        """Lift a ban and reset its failure count.

        DELETE /api/v1/bans/:ban_id

        :raises ModelReinsError: ``not-found``.
        """
        return Ban.of(self._call("bans.lift", fields(locals()), timeout=request_timeout))


class SettingsOperations(_Noun):
    """Operations about settings."""

    def get(
        self,
        *,
        request_timeout: Optional[float] = None,
    ) -> TenantSettings:
        """Settings of the tenant.

        GET /api/v1/settings
        """
        return TenantSettings.of(self._call("settings.get", {}, timeout=request_timeout))

    def update(
        self,
        *,
        require_capability: Union[bool, Unset, None] = UNSET,
        default_effort: Union[Literal["trivial", "quick", "standard", "deep", "critical"], Unset, None] = UNSET,
        default_mode: Union[Literal["auto", "local", "cloud"], Unset, None] = UNSET,
        default_expires_in: Union[float, Unset, None] = UNSET,
        when_offline: Union[Literal["reject", "queue"], Unset, None] = UNSET,
        attempts: Union[Mapping[str, Any], Unset, None] = UNSET,
        fallback: Union[Mapping[str, Any], Unset, None] = UNSET,
        default_merge: Union[Literal["worker", "concat", "vote", "first", "none"], Unset, None] = UNSET,
        merge_deadline: Union[int, Unset, None] = UNSET,
        review_policies: Union[Mapping[str, Any], Unset, None] = UNSET,
        lost_worker_timeout: Union[int, Unset, None] = UNSET,
        person_reminder: Union[int, Unset, None] = UNSET,
        person_hand_back: Union[int, Unset, None] = UNSET,
        person_expires_in: Union[float, Unset, None] = UNSET,
        retention_days: Union[int, Unset, None] = UNSET,
        request_timeout: Optional[float] = None,
    ) -> TenantSettings:
        """Change settings, null resets one; a change that reduces protection waits for a review where the tenant has reviewers.

        PATCH /api/v1/settings
        """
        return TenantSettings.of(self._call("settings.update", fields(locals(), "require_capability", "default_effort", "default_mode", "default_expires_in", "when_offline", "attempts", "fallback", "default_merge", "merge_deadline", "review_policies", "lost_worker_timeout", "person_reminder", "person_hand_back", "person_expires_in", "retention_days"), timeout=request_timeout))


class WorkersOperations(_Noun):
    """Operations about workers."""

    def register(
        self,
        *,
        name: str,
        description: Optional[str] = None,
        kind: Optional[Literal["silicon", "carbon", "xenon", "companion"]] = None,
        capabilities: Optional[Sequence[Mapping[str, Any]]] = None,
        requires_secrets: Optional[Sequence[str]] = None,
        config: Optional[Mapping[str, Any]] = None,
        may_raise_killswitch: Optional[bool] = None,
        request_timeout: Optional[float] = None,
    ) -> RegisteredWorker:
        """Register a worker; the token is delivered once through view_url.

        POST /api/v1/workers/register

        :raises ModelReinsError: ``name-taken``.
        """
        return RegisteredWorker.of(self._call("workers.register", fields(locals()), timeout=request_timeout))

    def list(
        self,
        *,
        limit: Optional[int] = None,
        cursor: Optional[str] = None,
        include_revoked: Optional[bool] = None,
        request_timeout: Optional[float] = None,
    ) -> WorkerPage:
        """List workers with presence and load.

        GET /api/v1/workers
        """
        return WorkerPage.of(self._call("workers.list", fields(locals()), timeout=request_timeout))

    def get(
        self,
        worker_id: str,
        *,
        request_timeout: Optional[float] = None,
    ) -> Worker:
        """Read one worker.

        GET /api/v1/workers/:worker_id

        :raises ModelReinsError: ``not-found``.
        """
        return Worker.of(self._call("workers.get", fields(locals()), timeout=request_timeout))

    def update(
        self,
        worker_id: str,
        *,
        description: Optional[str] = None,
        capabilities: Optional[Sequence[Mapping[str, Any]]] = None,
        requires_secrets: Optional[Sequence[str]] = None,
        config: Optional[Mapping[str, Any]] = None,
        may_raise_killswitch: Optional[bool] = None,
        request_timeout: Optional[float] = None,
    ) -> Worker:
        """Change capabilities, description or config; reducing a tier or policy needs an owner, and a review where the tenant has reviewers.

        PATCH /api/v1/workers/:worker_id

        :raises ModelReinsError: ``not-found``, ``wrong-state``.
        """
        return Worker.of(self._call("workers.update", fields(locals()), timeout=request_timeout))

    def revoke(
        self,
        worker_id: str,
        *,
        request_timeout: Optional[float] = None,
    ) -> Worker:
        """Revoke a worker; its token ends at once, its row is kept for the history.

        DELETE /api/v1/workers/:worker_id

        :raises ModelReinsError: ``not-found``.
        """
        return Worker.of(self._call("workers.revoke", fields(locals()), timeout=request_timeout))

    def pause(
        self,
        worker_id: str,
        *,
        request_timeout: Optional[float] = None,
    ) -> Worker:
        """Pause a worker: no new offers.

        POST /api/v1/workers/:worker_id/pause

        :raises ModelReinsError: ``not-found``, ``wrong-state``.
        """
        return Worker.of(self._call("workers.pause", fields(locals()), timeout=request_timeout))

    def resume(
        self,
        worker_id: str,
        *,
        request_timeout: Optional[float] = None,
    ) -> Worker:
        """Resume a paused worker.

        POST /api/v1/workers/:worker_id/resume

        :raises ModelReinsError: ``not-found``, ``wrong-state``.
        """
        return Worker.of(self._call("workers.resume", fields(locals()), timeout=request_timeout))

    def unpark(
        self,
        worker_id: str,
        *,
        request_timeout: Optional[float] = None,
    ) -> Worker:
        """Offer work to a worker whose account was out of quota, and to those that share the account.

        POST /api/v1/workers/:worker_id/unpark

        :raises ModelReinsError: ``not-found``, ``wrong-state``.
        """
        return Worker.of(self._call("workers.unpark", fields(locals()), timeout=request_timeout))

    def rotate(
        self,
        worker_id: str,
        *,
        keep_running: Optional[bool] = None,
        request_timeout: Optional[float] = None,
    ) -> MembersRotateReply:
        """Rotate a worker token; the old token and its running attempts end at once unless keep_running.

        POST /api/v1/workers/:worker_id/rotate

        :raises ModelReinsError: ``not-found``, ``wrong-state``.
        """
        return MembersRotateReply.of(self._call("workers.rotate", fields(locals()), timeout=request_timeout))


class PresenceOperations(_Noun):
    """Operations about presence."""

    def report(
        self,
        *,
        instance: Optional[str] = None,
        status: Optional[str] = None,
        tags: Optional[Sequence[str]] = None,
        networks: Optional[Sequence[str]] = None,
        provider: Optional[str] = None,
        model: Optional[str] = None,
        slots: Optional[int] = None,
        details: Any = UNSET,
        machine: Union[str, Unset, None] = UNSET,
        config_version: Optional[int] = None,
        place: Optional[str] = None,
        worker_type: Optional[str] = None,
        worker: Optional[str] = None,
        leases: Optional[Sequence[Mapping[str, Any]]] = None,
        parked_until: Union[str, Unset, None] = UNSET,
        takeover: Optional[bool] = None,
        request_timeout: Optional[float] = None,
    ) -> PresenceReply:
        """Heartbeat: renew leases, learn config, aborts and the killswitch.

        PUT /api/v1/presence

        :raises ModelReinsError: ``name-taken``, ``not-found``, ``conflict``.
        """
        return PresenceReply.of(self._call("presence.report", fields(locals(), "details", "machine", "parked_until"), timeout=request_timeout))

    def list(
        self,
        *,
        request_timeout: Optional[float] = None,
    ) -> PresenceList:
        """Presence, load, last contact.

        GET /api/v1/presence
        """
        return PresenceList.of(self._call("presence.list", {}, timeout=request_timeout))


class DirectorOperations(_Noun):
    """Operations about director."""

    def catalogue(
        self,
        *,
        request_timeout: Optional[float] = None,
    ) -> Catalogue:
        """Classes of models with their traits, the rules of the tenant, and what is in force for each worker.

        GET /api/v1/director/catalogue
        """
        return Catalogue.of(self._call("director.catalogue", {}, timeout=request_timeout))

    def set_catalogue(
        self,
        *,
        rules: Sequence[Mapping[str, Any]],
        if_version: Optional[int] = None,
        request_timeout: Optional[float] = None,
    ) -> Catalogue:
        """Replace the rules by which the tenant overrides the catalogue; the first rule that fits a worker counts.

        PUT /api/v1/director/catalogue

        :raises ModelReinsError: ``conflict``.
        """
        return Catalogue.of(self._call("director.set_catalogue", fields(locals()), timeout=request_timeout))


class DiagnosticsOperations(_Noun):
    """Operations about diagnostics."""

    def run(
        self,
        *,
        request_timeout: Optional[float] = None,
    ) -> Diagnostics:
        """Check what must always hold, now; rows, storage, what waits for the archive, and how far the limits are. Nothing is changed.

        GET /api/v1/diagnostics
        """
        return Diagnostics.of(self._call("diagnostics.run", {}, timeout=request_timeout))


class JobsOperations(_Noun):
    """Operations about jobs."""

    def dispatch(
        self,
        *,
        prompt: str,
        input: Any = UNSET,
        capability: Optional[str] = None,
        target: Optional[str] = None,
        tags: Optional[Sequence[str]] = None,
        networks: Optional[Sequence[str]] = None,
        substrate: Optional[Literal["silicon", "carbon", "xenon"]] = None,
        provider: Optional[str] = None,
        model: Optional[str] = None,
        effort: Optional[Literal["trivial", "quick", "standard", "deep", "critical"]] = None,
        mode: Optional[Literal["auto", "local", "cloud"]] = None,
        avoid: Optional[Sequence[str]] = None,
        priority: Optional[int] = None,
        thread_id: Optional[str] = None,
        session_id: Optional[str] = None,
        context: Optional[str] = None,
        context_text: Optional[str] = None,
        context_from: Optional[int] = None,
        requires_secrets: Optional[Sequence[str]] = None,
        timeout: Optional[float] = None,
        silence_timeout: Optional[float] = None,
        expires_in: Optional[float] = None,
        max_attempts: Optional[int] = None,
        not_before: Optional[str] = None,
        metadata: Any = UNSET,
        concurrency: Optional[Mapping[str, Any]] = None,
        rate: Optional[Mapping[str, Any]] = None,
        when_offline: Optional[Literal["reject", "queue"]] = None,
        prefer: Optional[Sequence[str]] = None,
        fallback: Optional[Sequence[Mapping[str, Any]]] = None,
        targets: Optional[Sequence[str]] = None,
        fan_out: Optional[Mapping[str, Any]] = None,
        merge: Optional[Mapping[str, Any]] = None,
        idempotency_key: Optional[str] = None,
        request_timeout: Optional[float] = None,
    ) -> Job:
        """Dispatch a job to the worker that the Director picks.

        POST /api/v1/dispatch

        :raises ModelReinsError: ``no-eligible-worker``, ``no-live-worker``, ``capability-not-declared``, ``idempotency-conflict``, ``killswitch``, ``conflict``.
        """
        return Job.of(self._call("jobs.dispatch", fields(locals(), "input", "metadata"), timeout=request_timeout))

    def preview(
        self,
        *,
        prompt: str,
        input: Any = UNSET,
        capability: Optional[str] = None,
        target: Optional[str] = None,
        tags: Optional[Sequence[str]] = None,
        networks: Optional[Sequence[str]] = None,
        substrate: Optional[Literal["silicon", "carbon", "xenon"]] = None,
        provider: Optional[str] = None,
        model: Optional[str] = None,
        effort: Optional[Literal["trivial", "quick", "standard", "deep", "critical"]] = None,
        mode: Optional[Literal["auto", "local", "cloud"]] = None,
        avoid: Optional[Sequence[str]] = None,
        priority: Optional[int] = None,
        thread_id: Optional[str] = None,
        session_id: Optional[str] = None,
        context: Optional[str] = None,
        context_text: Optional[str] = None,
        context_from: Optional[int] = None,
        requires_secrets: Optional[Sequence[str]] = None,
        timeout: Optional[float] = None,
        silence_timeout: Optional[float] = None,
        expires_in: Optional[float] = None,
        max_attempts: Optional[int] = None,
        not_before: Optional[str] = None,
        metadata: Any = UNSET,
        concurrency: Optional[Mapping[str, Any]] = None,
        rate: Optional[Mapping[str, Any]] = None,
        when_offline: Optional[Literal["reject", "queue"]] = None,
        prefer: Optional[Sequence[str]] = None,
        fallback: Optional[Sequence[Mapping[str, Any]]] = None,
        targets: Optional[Sequence[str]] = None,
        fan_out: Optional[Mapping[str, Any]] = None,
        merge: Optional[Mapping[str, Any]] = None,
        request_timeout: Optional[float] = None,
    ) -> Preview:
        """What a dispatch would do now: who would get the job, why, and what would hold it. Nothing is written.

        POST /api/v1/dispatch/preview
        """
        return Preview.of(self._call("jobs.preview", fields(locals(), "input", "metadata"), timeout=request_timeout))

    def dispatch_batch(
        self,
        *,
        jobs: Sequence[Mapping[str, Any]],
        idempotency_key: Optional[str] = None,
        request_timeout: Optional[float] = None,
    ) -> JobList:
        """Dispatch up to 1,000 jobs, all or none.

        POST /api/v1/dispatch/batch

        :raises ModelReinsError: ``no-eligible-worker``, ``no-live-worker``, ``capability-not-declared``, ``idempotency-conflict``, ``killswitch``, ``conflict``.
        """
        return JobList.of(self._call("jobs.dispatch_batch", fields(locals()), timeout=request_timeout))

    def create(
        self,
        *,
        prompt: str,
        input: Any = UNSET,
        capability: Optional[str] = None,
        target: Optional[str] = None,
        tags: Optional[Sequence[str]] = None,
        networks: Optional[Sequence[str]] = None,
        substrate: Optional[Literal["silicon", "carbon", "xenon"]] = None,
        provider: Optional[str] = None,
        model: Optional[str] = None,
        effort: Optional[Literal["trivial", "quick", "standard", "deep", "critical"]] = None,
        mode: Optional[Literal["auto", "local", "cloud"]] = None,
        avoid: Optional[Sequence[str]] = None,
        priority: Optional[int] = None,
        thread_id: Optional[str] = None,
        session_id: Optional[str] = None,
        context: Optional[str] = None,
        context_text: Optional[str] = None,
        context_from: Optional[int] = None,
        requires_secrets: Optional[Sequence[str]] = None,
        timeout: Optional[float] = None,
        silence_timeout: Optional[float] = None,
        expires_in: Optional[float] = None,
        max_attempts: Optional[int] = None,
        not_before: Optional[str] = None,
        metadata: Any = UNSET,
        concurrency: Optional[Mapping[str, Any]] = None,
        rate: Optional[Mapping[str, Any]] = None,
        when_offline: Optional[Literal["reject", "queue"]] = None,
        prefer: Optional[Sequence[str]] = None,
        fallback: Optional[Sequence[Mapping[str, Any]]] = None,
        targets: Optional[Sequence[str]] = None,
        fan_out: Optional[Mapping[str, Any]] = None,
        merge: Optional[Mapping[str, Any]] = None,
        idempotency_key: Optional[str] = None,
        request_timeout: Optional[float] = None,
    ) -> Job:
        """Queue a job for the first eligible worker that polls.

        POST /api/v1/jobs

        :raises ModelReinsError: ``idempotency-conflict``, ``killswitch``.
        """
        return Job.of(self._call("jobs.create", fields(locals(), "input", "metadata"), timeout=request_timeout))

    def get(
        self,
        job_id: int,
        *,
        request_timeout: Optional[float] = None,
    ) -> Job:
        """Read one job.

        GET /api/v1/jobs/:job_id

        :raises ModelReinsError: ``not-found``, ``gone``.
        """
        return Job.of(self._call("jobs.get", fields(locals()), timeout=request_timeout))

    def context(
        self,
        job_id: int,
        *,
        request_timeout: Optional[float] = None,
    ) -> Context:
        """The context of a job as its worker is given it: earlier turns of its thread, or the text that came with it.

        GET /api/v1/jobs/:job_id/context

        :raises ModelReinsError: ``not-found``, ``gone``.
        """
        return Context.of(self._call("jobs.context", fields(locals()), timeout=request_timeout))

    def result(
        self,
        job_id: int,
        *,
        request_timeout: Optional[float] = None,
    ) -> str:
        """The whole result as text.

        GET /api/v1/jobs/:job_id/result

        :raises ModelReinsError: ``not-found``, ``gone``, ``wrong-state``.
        """
        return cast("str", self._call("jobs.result", fields(locals()), timeout=request_timeout))

    def list(
        self,
        *,
        status: Optional[Sequence[Literal["pending", "running", "retry", "done", "failed"]]] = None,
        thread_id: Optional[str] = None,
        capability: Optional[str] = None,
        worker: Optional[str] = None,
        effort: Optional[Literal["trivial", "quick", "standard", "deep", "critical"]] = None,
        created_by: Optional[str] = None,
        parent_id: Optional[int] = None,
        error: Optional[str] = None,
        limit: Optional[int] = None,
        cursor: Optional[str] = None,
        request_timeout: Optional[float] = None,
    ) -> JobPage:
        """List jobs, newest first.

        GET /api/v1/jobs
        """
        return JobPage.of(self._call("jobs.list", fields(locals()), timeout=request_timeout))

    def counts(
        self,
        *,
        thread_id: Optional[str] = None,
        capability: Optional[str] = None,
        worker: Optional[str] = None,
        effort: Optional[Literal["trivial", "quick", "standard", "deep", "critical"]] = None,
        created_by: Optional[str] = None,
        parent_id: Optional[int] = None,
        request_timeout: Optional[float] = None,
    ) -> JobCounts:
        """How many jobs wait, run, or wait for a retry, of all or of what a filter matches; each number is counted up to 1,000.

        GET /api/v1/jobs/counts
        """
        return JobCounts.of(self._call("jobs.counts", fields(locals()), timeout=request_timeout))

    def update(
        self,
        job_id: int,
        *,
        effort: Optional[Literal["trivial", "quick", "standard", "deep", "critical"]] = None,
        priority: Optional[int] = None,
        target: Union[str, Unset, None] = UNSET,
        tags: Optional[Sequence[str]] = None,
        networks: Optional[Sequence[str]] = None,
        timeout: Optional[float] = None,
        max_attempts: Optional[int] = None,
        metadata: Any = UNSET,
        not_before: Union[str, Unset, None] = UNSET,
        expires_at: Optional[str] = None,
        request_timeout: Optional[float] = None,
    ) -> Job:
        """Change a job that has not started.

        PATCH /api/v1/jobs/:job_id

        :raises ModelReinsError: ``not-found``, ``gone``, ``wrong-state``, ``no-eligible-worker``, ``capability-not-declared``.
        """
        return Job.of(self._call("jobs.update", fields(locals(), "target", "metadata", "not_before"), timeout=request_timeout))

    def abort(
        self,
        job_id: int,
        *,
        reason: Optional[str] = None,
        request_timeout: Optional[float] = None,
    ) -> Job:
        """Abort one job.

        POST /api/v1/jobs/:job_id/abort

        :raises ModelReinsError: ``not-found``, ``gone``, ``wrong-state``.
        """
        return Job.of(self._call("jobs.abort", fields(locals()), timeout=request_timeout))

    def abort_many(
        self,
        *,
        status: Optional[Sequence[Literal["pending", "running", "retry", "done", "failed"]]] = None,
        thread_id: Optional[str] = None,
        capability: Optional[str] = None,
        worker: Optional[str] = None,
        effort: Optional[Literal["trivial", "quick", "standard", "deep", "critical"]] = None,
        created_by: Optional[str] = None,
        parent_id: Optional[int] = None,
        error: Optional[str] = None,
        all: Optional[bool] = None,
        reason: Optional[str] = None,
        dry_run: Optional[bool] = None,
        request_timeout: Optional[float] = None,
    ) -> JobsAbortManyReply:
        """Abort every job that a filter matches; `dry_run` counts first.

        POST /api/v1/jobs/abort
        """
        return JobsAbortManyReply.of(self._call("jobs.abort_many", fields(locals()), timeout=request_timeout))

    def retry(
        self,
        job_id: int,
        *,
        what: Optional[Literal["children", "merge"]] = None,
        target: Union[str, Unset, None] = UNSET,
        timeout: Optional[float] = None,
        request_timeout: Optional[float] = None,
    ) -> Job:
        """Start a new attempt of a failed job, or try one that waits for its retry now; of a fan-out: its failed children, or the merge alone.

        POST /api/v1/jobs/:job_id/retry

        :raises ModelReinsError: ``not-found``, ``gone``, ``wrong-state``, ``killswitch``, ``no-eligible-worker``, ``capability-not-declared``.
        """
        return Job.of(self._call("jobs.retry", fields(locals(), "target"), timeout=request_timeout))

    def children(
        self,
        job_id: int,
        *,
        request_timeout: Optional[float] = None,
    ) -> JobPage:
        """List the children of a fan-out and its merge job, with their results.

        GET /api/v1/jobs/:job_id/children

        :raises ModelReinsError: ``not-found``, ``gone``, ``wrong-state``.
        """
        return JobPage.of(self._call("jobs.children", fields(locals()), timeout=request_timeout))

    def pick(
        self,
        job_id: int,
        *,
        child_id: int,
        request_timeout: Optional[float] = None,
    ) -> Job:
        """Pick the answer of one child as the answer of its fan-out, once; what is still under way in it is aborted.

        POST /api/v1/jobs/:job_id/pick

        :raises ModelReinsError: ``not-found``, ``gone``, ``wrong-state``.
        """
        return Job.of(self._call("jobs.pick", fields(locals()), timeout=request_timeout))

    def retry_many(
        self,
        *,
        status: Optional[Sequence[Literal["pending", "running", "retry", "done", "failed"]]] = None,
        thread_id: Optional[str] = None,
        capability: Optional[str] = None,
        worker: Optional[str] = None,
        effort: Optional[Literal["trivial", "quick", "standard", "deep", "critical"]] = None,
        created_by: Optional[str] = None,
        parent_id: Optional[int] = None,
        error: Optional[str] = None,
        all: Optional[bool] = None,
        dry_run: Optional[bool] = None,
        request_timeout: Optional[float] = None,
    ) -> JobsAbortManyReply:
        """Retry every failed job that a filter matches.

        POST /api/v1/jobs/retry

        :raises ModelReinsError: ``killswitch``, ``wrong-state``.
        """
        return JobsAbortManyReply.of(self._call("jobs.retry_many", fields(locals()), timeout=request_timeout))

    def why(
        self,
        job_id: int,
        *,
        request_timeout: Optional[float] = None,
    ) -> Why:
        """Why the job waits, computed now.

        GET /api/v1/jobs/:job_id/why

        :raises ModelReinsError: ``not-found``, ``gone``.
        """
        return Why.of(self._call("jobs.why", fields(locals()), timeout=request_timeout))


class SchedulesOperations(_Noun):
    """Operations about schedules."""

    def create(
        self,
        *,
        name: str,
        job: Mapping[str, Any],
        cron: Optional[str] = None,
        every: Optional[int] = None,
        timezone: Optional[str] = None,
        overlap: Optional[Literal["skip", "queue", "replace"]] = None,
        catch_up: Optional[Literal["none", "last", "all"]] = None,
        jitter: Optional[float] = None,
        paused: Optional[bool] = None,
        starts_at: Optional[str] = None,
        ends_at: Optional[str] = None,
        max_runs: Optional[int] = None,
        request_timeout: Optional[float] = None,
    ) -> Schedule:
        """Dispatch a job again and again, by cron or every so many seconds.

        POST /api/v1/schedules

        :raises ModelReinsError: ``conflict``.
        """
        return Schedule.of(self._call("schedules.create", fields(locals()), timeout=request_timeout))

    def preview(
        self,
        *,
        cron: Optional[str] = None,
        every: Optional[int] = None,
        timezone: Optional[str] = None,
        starts_at: Optional[str] = None,
        ends_at: Optional[str] = None,
        request_timeout: Optional[float] = None,
    ) -> SchedulePreviewed:
        """Say when a schedule with this rule would be due; nothing is kept.

        POST /api/v1/schedules/preview
        """
        return SchedulePreviewed.of(self._call("schedules.preview", fields(locals()), timeout=request_timeout))

    def list(
        self,
        *,
        limit: Optional[int] = None,
        cursor: Optional[str] = None,
        request_timeout: Optional[float] = None,
    ) -> SchedulePage:
        """List schedules with their next and last runs.

        GET /api/v1/schedules
        """
        return SchedulePage.of(self._call("schedules.list", fields(locals()), timeout=request_timeout))

    def get(
        self,
        schedule_id: str,
        *,
        request_timeout: Optional[float] = None,
    ) -> Schedule:
        """Read one schedule.

        GET /api/v1/schedules/:schedule_id

        :raises ModelReinsError: ``not-found``.
        """
        return Schedule.of(self._call("schedules.get", fields(locals()), timeout=request_timeout))

    def update(
        self,
        schedule_id: str,
        *,
        name: Optional[str] = None,
        cron: Optional[str] = None,
        every: Optional[int] = None,
        timezone: Optional[str] = None,
        overlap: Optional[Literal["skip", "queue", "replace"]] = None,
        catch_up: Optional[Literal["none", "last", "all"]] = None,
        jitter: Optional[float] = None,
        paused: Optional[bool] = None,
        job: Optional[Mapping[str, Any]] = None,
        starts_at: Union[str, Unset, None] = UNSET,
        ends_at: Union[str, Unset, None] = UNSET,
        max_runs: Union[int, Unset, None] = UNSET,
        request_timeout: Optional[float] = None,
    ) -> Schedule:
        """Change, pause or resume a schedule; its next due time is counted from now.

        PATCH /api/v1/schedules/:schedule_id

        :raises ModelReinsError: ``not-found``.
        """
        return Schedule.of(self._call("schedules.update", fields(locals(), "starts_at", "ends_at", "max_runs"), timeout=request_timeout))

    def delete(
        self,
        schedule_id: str,
        *,
        request_timeout: Optional[float] = None,
    ) -> SchedulesDeleteReply:
        """Delete a schedule and the list of its runs; its jobs stay.

        DELETE /api/v1/schedules/:schedule_id

        :raises ModelReinsError: ``not-found``.
        """
        return SchedulesDeleteReply.of(self._call("schedules.delete", fields(locals()), timeout=request_timeout))

    def run(
        self,
        schedule_id: str,
        *,
        request_timeout: Optional[float] = None,
    ) -> ScheduleRan:
        """Dispatch the job of a schedule now, beside its due times.

        POST /api/v1/schedules/:schedule_id/run

        :raises ModelReinsError: ``not-found``, ``no-eligible-worker``, ``no-live-worker``, ``capability-not-declared``, ``killswitch``, ``conflict``.
        """
        return ScheduleRan.of(self._call("schedules.run", fields(locals()), timeout=request_timeout))

    def approve(
        self,
        schedule_id: str,
        *,
        digest: str,
        expires_in: Optional[int] = None,
        request_timeout: Optional[float] = None,
    ) -> Schedule:
        """Approve a schedule as it was read: its jobs under the tier approve need no further approval until then, or until it changes.

        POST /api/v1/schedules/:schedule_id/approve

        :raises ModelReinsError: ``not-found``, ``conflict``, ``wrong-state``.
        """
        return Schedule.of(self._call("schedules.approve", fields(locals()), timeout=request_timeout))

    def revoke_approval(
        self,
        schedule_id: str,
        *,
        request_timeout: Optional[float] = None,
    ) -> Schedule:
        """Revoke all approvals of a schedule: its jobs ask each time again, also those that wait for their start.

        DELETE /api/v1/schedules/:schedule_id/approval

        :raises ModelReinsError: ``not-found``.
        """
        return Schedule.of(self._call("schedules.revoke_approval", fields(locals()), timeout=request_timeout))

    def runs(
        self,
        schedule_id: str,
        *,
        limit: Optional[int] = None,
        cursor: Optional[str] = None,
        request_timeout: Optional[float] = None,
    ) -> ScheduleRunPage:
        """What became of each due time, newest first.

        GET /api/v1/schedules/:schedule_id/runs

        :raises ModelReinsError: ``not-found``.
        """
        return ScheduleRunPage.of(self._call("schedules.runs", fields(locals()), timeout=request_timeout))


class ThreadsOperations(_Noun):
    """Operations about threads."""

    def list(
        self,
        *,
        limit: Optional[int] = None,
        cursor: Optional[str] = None,
        include_archived: Optional[bool] = None,
        archived: Optional[bool] = None,
        text: Optional[str] = None,
        worker: Optional[str] = None,
        member: Optional[str] = None,
        running: Optional[bool] = None,
        active_since: Optional[str] = None,
        request_timeout: Optional[float] = None,
    ) -> ThreadPage:
        """List threads, the last active first: title, jobs, who takes part.

        GET /api/v1/threads
        """
        return ThreadPage.of(self._call("threads.list", fields(locals()), timeout=request_timeout))

    def get(
        self,
        thread_id: str,
        *,
        limit: Optional[int] = None,
        cursor: Optional[str] = None,
        request_timeout: Optional[float] = None,
    ) -> ThreadWithTurns:
        """Read a thread with its turns, oldest first.

        GET /api/v1/threads/:thread_id

        :raises ModelReinsError: ``not-found``.
        """
        return ThreadWithTurns.of(self._call("threads.get", fields(locals()), timeout=request_timeout))

    def update(
        self,
        thread_id: str,
        *,
        title: Optional[str] = None,
        archived: Optional[bool] = None,
        defaults: Optional[Mapping[str, Any]] = None,
        request_timeout: Optional[float] = None,
    ) -> Thread:
        """Name, archive or restore a thread; say what its jobs have unless they say otherwise.

        PATCH /api/v1/threads/:thread_id

        :raises ModelReinsError: ``not-found``.
        """
        return Thread.of(self._call("threads.update", fields(locals()), timeout=request_timeout))

    def abort(
        self,
        thread_id: str,
        *,
        reason: Optional[str] = None,
        request_timeout: Optional[float] = None,
    ) -> ThreadAborted:
        """Abort every job of a thread that has not ended, and say which.

        POST /api/v1/threads/:thread_id/abort

        :raises ModelReinsError: ``not-found``.
        """
        return ThreadAborted.of(self._call("threads.abort", fields(locals()), timeout=request_timeout))

    def delete(
        self,
        thread_id: str,
        *,
        abort: Optional[bool] = None,
        idempotency_key: Optional[str] = None,
        request_timeout: Optional[float] = None,
    ) -> ThreadDeleted:
        """Erase a thread: prompts, results, output and files of its jobs, wherever they are kept. The audit trail stays.

        DELETE /api/v1/threads/:thread_id

        :raises ModelReinsError: ``not-found``, ``conflict``, ``idempotency-conflict``.
        """
        return ThreadDeleted.of(self._call("threads.delete", fields(locals()), timeout=request_timeout))


class ClaimsOperations(_Noun):
    """Operations about claims."""

    def inbox(
        self,
        *,
        worker: Optional[str] = None,
        status: Optional[str] = None,
        wait: Optional[int] = None,
        limit: Optional[int] = None,
        request_timeout: Optional[float] = None,
    ) -> ClaimsInboxReply:
        """Jobs this worker may claim by id.

        GET /api/v1/my-jobs

        :raises ModelReinsError: ``not-found``.
        """
        return ClaimsInboxReply.of(self._call("claims.inbox", fields(locals()), timeout=request_timeout))

    def claim(
        self,
        job_id: int,
        *,
        worker: Optional[str] = None,
        request_timeout: Optional[float] = None,
    ) -> ClaimsClaimReply:
        """Offer and start in one call, with a long lease.

        POST /api/v1/jobs/:job_id/claim

        :raises ModelReinsError: ``not-found``, ``already-claimed``, ``wrong-state``, ``killswitch``, ``forbidden``.
        """
        return ClaimsClaimReply.of(self._call("claims.claim", fields(locals()), timeout=request_timeout))

    def close(
        self,
        job_id: int,
        *,
        status: Literal["done", "failed", "escalated"],
        result: Optional[str] = None,
        worker: Optional[str] = None,
        error_type: Optional[str] = None,
        retryable: Optional[bool] = None,
        request_timeout: Optional[float] = None,
    ) -> Job:
        """Settle a job claimed by id.

        POST /api/v1/jobs/:job_id/close

        :raises ModelReinsError: ``not-found``, ``wrong-state``, ``lease-lost``.
        """
        return Job.of(self._call("claims.close", fields(locals()), timeout=request_timeout))

    def poll(
        self,
        *,
        max: Optional[int] = None,
        wait: Optional[int] = None,
        instance: Optional[str] = None,
        worker: Optional[str] = None,
        request_timeout: Optional[float] = None,
    ) -> ClaimsPollReply:
        """Ask for offers, waiting for up to 25 seconds.

        POST /api/v1/claims

        :raises ModelReinsError: ``not-found``.
        """
        return ClaimsPollReply.of(self._call("claims.poll", fields(locals()), timeout=request_timeout))

    def start(
        self,
        job_id: int,
        *,
        token: str,
        request_timeout: Optional[float] = None,
    ) -> ClaimsClaimReply:
        """Start an offered job: the attempt begins.

        POST /api/v1/claims/:job_id/start

        :raises ModelReinsError: ``not-found``, ``lease-lost``, ``killswitch``, ``capability-not-declared``.
        """
        return ClaimsClaimReply.of(self._call("claims.start", fields(locals()), timeout=request_timeout, token=token))

    def output(
        self,
        job_id: int,
        *,
        chunks: Sequence[Mapping[str, Any]],
        token: str,
        request_timeout: Optional[float] = None,
    ) -> ClaimsOutputReply:
        """Append output by sequence; repeating a chunk changes nothing.

        POST /api/v1/claims/:job_id/output

        :raises ModelReinsError: ``not-found``, ``lease-lost``, ``killswitch``.
        """
        return ClaimsOutputReply.of(self._call("claims.output", fields(locals()), timeout=request_timeout, token=token))

    def complete(
        self,
        job_id: int,
        *,
        result: Union[str, Unset, None] = UNSET,
        exit_code: Optional[int] = None,
        usage: Optional[Mapping[str, Any]] = None,
        tail: Optional[Mapping[str, Any]] = None,
        chunks: Optional[int] = None,
        token: str,
        request_timeout: Optional[float] = None,
    ) -> ClaimsCompleteReply:
        """Complete an attempt; repeating it changes nothing.

        POST /api/v1/claims/:job_id/complete

        :raises ModelReinsError: ``not-found``, ``lease-lost``, ``killswitch``.
        """
        return ClaimsCompleteReply.of(self._call("claims.complete", fields(locals(), "result"), timeout=request_timeout, token=token))

    def fail(
        self,
        job_id: int,
        *,
        error: Mapping[str, Any],
        parked_until: Union[str, Unset, None] = UNSET,
        exit_code: Union[int, Unset, None] = UNSET,
        usage: Optional[Mapping[str, Any]] = None,
        tail: Optional[Mapping[str, Any]] = None,
        chunks: Optional[int] = None,
        token: str,
        request_timeout: Optional[float] = None,
    ) -> ClaimsCompleteReply:
        """Fail an attempt; a retryable error puts the job into retry.

        POST /api/v1/claims/:job_id/fail

        :raises ModelReinsError: ``not-found``, ``lease-lost``, ``killswitch``.
        """
        return ClaimsCompleteReply.of(self._call("claims.fail", fields(locals(), "parked_until", "exit_code"), timeout=request_timeout, token=token))

    def authorize(
        self,
        job_id: int,
        *,
        capability: str,
        action: Any,
        title: Optional[str] = None,
        irreversible: Optional[bool] = None,
        wait: Optional[int] = None,
        idempotency_key: Optional[str] = None,
        token: str,
        request_timeout: Optional[float] = None,
    ) -> ClaimsAuthorizeReply:
        """Authorize an action: wait up to 25 seconds for the decision; a repeated call finds the same review.

        POST /api/v1/claims/:job_id/authorize

        :raises ModelReinsError: ``not-found``, ``lease-lost``, ``capability-not-declared``.
        """
        return ClaimsAuthorizeReply.of(self._call("claims.authorize", fields(locals(), "action"), timeout=request_timeout, token=token))


class WorkOperations(_Noun):
    """Operations about work."""

    def list(
        self,
        *,
        request_timeout: Optional[float] = None,
    ) -> WorkInbox:
        """The inbox of the calling member: jobs in hand, jobs on offer, what ended lately.

        GET /api/v1/work
        """
        return WorkInbox.of(self._call("work.list", {}, timeout=request_timeout))

    def join(
        self,
        *,
        name: Optional[str] = None,
        description: Optional[str] = None,
        capabilities: Optional[Sequence[Mapping[str, Any]]] = None,
        request_timeout: Optional[float] = None,
    ) -> Person:
        """Take jobs as a person: the first time, this registers a worker of kind carbon for the calling member.

        POST /api/v1/work/join

        :raises ModelReinsError: ``name-taken``, ``wrong-state``.
        """
        return Person.of(self._call("work.join", fields(locals()), timeout=request_timeout))

    def leave(
        self,
        *,
        request_timeout: Optional[float] = None,
    ) -> Person:
        """Take no more jobs; those in hand stay.

        POST /api/v1/work/leave

        :raises ModelReinsError: ``not-found``.
        """
        return Person.of(self._call("work.leave", {}, timeout=request_timeout))

    def here(
        self,
        *,
        request_timeout: Optional[float] = None,
    ) -> WorkHereReply:
        """The calling member is there: their jobs in hand stay theirs.

        POST /api/v1/work/here
        """
        return WorkHereReply.of(self._call("work.here", {}, timeout=request_timeout))

    def get(
        self,
        job_id: int,
        *,
        request_timeout: Optional[float] = None,
    ) -> WorkJob:
        """One job of the inbox, with its context and files.

        GET /api/v1/work/:job_id

        :raises ModelReinsError: ``not-found``.
        """
        return WorkJob.of(self._call("work.get", fields(locals()), timeout=request_timeout))

    def start(
        self,
        job_id: int,
        *,
        request_timeout: Optional[float] = None,
    ) -> WorkJob:
        """Start a job that is on offer: it is in the hands of the calling member.

        POST /api/v1/work/:job_id/start

        :raises ModelReinsError: ``not-found``, ``already-claimed``, ``wrong-state``, ``conflict``, ``killswitch``, ``capability-not-declared``.
        """
        return WorkJob.of(self._call("work.start", fields(locals()), timeout=request_timeout))

    def note(
        self,
        job_id: int,
        *,
        attempt: int,
        text: str,
        request_timeout: Optional[float] = None,
    ) -> SchedulesDeleteReply:
        """Write a note: it streams as output of the job.

        POST /api/v1/work/:job_id/note

        :raises ModelReinsError: ``not-found``, ``lease-lost``, ``killswitch``.
        """
        return SchedulesDeleteReply.of(self._call("work.note", fields(locals()), timeout=request_timeout))

    def done(
        self,
        job_id: int,
        *,
        attempt: int,
        result: Union[str, Unset, None] = UNSET,
        request_timeout: Optional[float] = None,
    ) -> WorkJob:
        """The job is done; the result is Markdown.

        POST /api/v1/work/:job_id/done

        :raises ModelReinsError: ``not-found``, ``lease-lost``, ``killswitch``, ``wrong-state``.
        """
        return WorkJob.of(self._call("work.done", fields(locals(), "result"), timeout=request_timeout))

    def failed(
        self,
        job_id: int,
        *,
        attempt: int,
        reason: str,
        request_timeout: Optional[float] = None,
    ) -> WorkJob:
        """The job cannot be done: it fails for good, with a reason.

        POST /api/v1/work/:job_id/failed

        :raises ModelReinsError: ``not-found``, ``lease-lost``, ``killswitch``, ``wrong-state``.
        """
        return WorkJob.of(self._call("work.failed", fields(locals()), timeout=request_timeout))

    def hand_back(
        self,
        job_id: int,
        *,
        attempt: int,
        reason: Optional[str] = None,
        request_timeout: Optional[float] = None,
    ) -> WorkJob:
        """Give a job in hand back to the queue; this costs none of its attempts.

        POST /api/v1/work/:job_id/hand-back

        :raises ModelReinsError: ``not-found``, ``lease-lost``, ``killswitch``, ``wrong-state``.
        """
        return WorkJob.of(self._call("work.hand_back", fields(locals()), timeout=request_timeout))

    def escalate(
        self,
        job_id: int,
        *,
        attempt: int,
        reason: str,
        result: Union[str, Unset, None] = UNSET,
        request_timeout: Optional[float] = None,
    ) -> WorkJob:
        """Have another member settle the job: a review opens with the reason, and with the result so far.

        POST /api/v1/work/:job_id/escalate

        :raises ModelReinsError: ``not-found``, ``lease-lost``, ``killswitch``, ``wrong-state``.
        """
        return WorkJob.of(self._call("work.escalate", fields(locals(), "result"), timeout=request_timeout))


class ContextOperations(_Noun):
    """Operations about context."""

    def get(
        self,
        *,
        job_id: int,
        policy: Optional[str] = None,
        budget: Optional[int] = None,
        request_timeout: Optional[float] = None,
    ) -> Context:
        """Context of a job: earlier turns of its thread, or tenant context.

        GET /api/v1/context

        :raises ModelReinsError: ``not-found``, ``gone``.
        """
        return Context.of(self._call("context.get", fields(locals()), timeout=request_timeout))


class ReviewsOperations(_Noun):
    """Operations about reviews."""

    def submit(
        self,
        *,
        title: str,
        type: Optional[str] = None,
        content: Optional[str] = None,
        preview: Optional[str] = None,
        target: Optional[str] = None,
        payload: Any = UNSET,
        capability: Optional[str] = None,
        irreversible: Optional[bool] = None,
        job_id: Optional[int] = None,
        created_by: Optional[str] = None,
        idempotency_key: Optional[str] = None,
        request_timeout: Optional[float] = None,
    ) -> Review:
        """Submit content for a human decision.

        POST /api/v1/reviews

        :raises ModelReinsError: ``not-found``, ``capability-not-declared``, ``idempotency-conflict``.
        """
        return Review.of(self._call("reviews.submit", fields(locals(), "payload"), timeout=request_timeout))

    def list(
        self,
        *,
        status: Optional[Sequence[Literal["pending", "approved", "denied", "withdrawn", "expired", "superseded", "consumed"]]] = None,
        job_id: Optional[int] = None,
        capability: Optional[str] = None,
        type: Optional[str] = None,
        created_by: Optional[str] = None,
        limit: Optional[int] = None,
        cursor: Optional[str] = None,
        request_timeout: Optional[float] = None,
    ) -> ReviewPage:
        """List reviews, newest first; a worker sees its own.

        GET /api/v1/reviews
        """
        return ReviewPage.of(self._call("reviews.list", fields(locals()), timeout=request_timeout))

    def get(
        self,
        review_id: int,
        *,
        wait: Optional[int] = None,
        request_timeout: Optional[float] = None,
    ) -> Review:
        """Read one review; with `wait`, once it is settled or the time is up.

        GET /api/v1/reviews/:review_id

        :raises ModelReinsError: ``not-found``.
        """
        return Review.of(self._call("reviews.get", fields(locals()), timeout=request_timeout))

    def decide(
        self,
        review_id: int,
        *,
        verdict: Literal["approve", "deny", "edit", "respond"],
        comment: Optional[str] = None,
        digest: Optional[str] = None,
        payload: Any = UNSET,
        grant: Optional[Mapping[str, Any]] = None,
        signature: Optional[Mapping[str, Any]] = None,
        request_timeout: Optional[float] = None,
    ) -> Review:
        """Approve, deny, edit or respond; bound to the digest of the reviewed payload.

        POST /api/v1/reviews/:review_id/decide

        :raises ModelReinsError: ``not-found``, ``wrong-state``, ``conflict``, ``signature-required``.
        """
        return Review.of(self._call("reviews.decide", fields(locals(), "payload"), timeout=request_timeout))

    def signing_options(
        self,
        review_id: int,
        *,
        verdict: Literal["approve", "deny", "edit", "respond"],
        digest: str,
        comment: Optional[str] = None,
        payload: Any = UNSET,
        grant: Optional[Mapping[str, Any]] = None,
        request_timeout: Optional[float] = None,
    ) -> SigningOptions:
        """Get the challenge for signing one decision with the caller's passkey.

        POST /api/v1/reviews/:review_id/signing-options

        :raises ModelReinsError: ``not-found``, ``wrong-state``, ``conflict``, ``signature-required``.
        """
        return SigningOptions.of(self._call("reviews.signing_options", fields(locals(), "payload"), timeout=request_timeout))

    def decide_many(
        self,
        *,
        review_ids: Sequence[Union[int, Mapping[str, Any]]],
        verdict: Literal["approve", "deny"],
        comment: Optional[str] = None,
        request_timeout: Optional[float] = None,
    ) -> ReviewsDecideManyReply:
        """Approve or deny several reviews, each bound to its reviewed digest; irreversible and changed ones are skipped.

        POST /api/v1/reviews/decide
        """
        return ReviewsDecideManyReply.of(self._call("reviews.decide_many", fields(locals()), timeout=request_timeout))

    def withdraw(
        self,
        review_id: int,
        *,
        comment: Optional[str] = None,
        request_timeout: Optional[float] = None,
    ) -> Review:
        """Withdraw a review, or its approval before it is used; a job that waits for it fails.

        POST /api/v1/reviews/:review_id/withdraw

        :raises ModelReinsError: ``not-found``, ``wrong-state``.
        """
        return Review.of(self._call("reviews.withdraw", fields(locals()), timeout=request_timeout))


class GrantsOperations(_Noun):
    """Operations about grants."""

    def list(
        self,
        *,
        session: Optional[str] = None,
        include_ended: Optional[bool] = None,
        limit: Optional[int] = None,
        cursor: Optional[str] = None,
        request_timeout: Optional[float] = None,
    ) -> GrantPage:
        """List session grants, newest first.

        GET /api/v1/grants
        """
        return GrantPage.of(self._call("grants.list", fields(locals()), timeout=request_timeout))

    def revoke(
        self,
        grant_id: str,
        *,
        request_timeout: Optional[float] = None,
    ) -> Grant:
        """Revoke a grant; the next use needs a new review.

        DELETE /api/v1/grants/:grant_id

        :raises ModelReinsError: ``not-found``.
        """
        return Grant.of(self._call("grants.revoke", fields(locals()), timeout=request_timeout))


class KillswitchOperations(_Noun):
    """Operations about killswitch."""

    def get(
        self,
        *,
        request_timeout: Optional[float] = None,
    ) -> Killswitch:
        """Killswitch state: level, reason, acknowledged workers, stragglers.

        GET /api/v1/killswitch
        """
        return Killswitch.of(self._call("killswitch.get", {}, timeout=request_timeout))

    def raise_(
        self,
        *,
        level: Optional[int] = None,
        reason: Optional[str] = None,
        lower: Optional[bool] = None,
        request_timeout: Optional[float] = None,
    ) -> Killswitch:
        """Raise the killswitch (default: 3, stop).

        POST /api/v1/killswitch

        :raises ModelReinsError: ``wrong-state``.
        """
        return Killswitch.of(self._call("killswitch.raise", fields(locals()), timeout=request_timeout))

    def clear(
        self,
        *,
        resume_all: Optional[bool] = None,
        request_timeout: Optional[float] = None,
    ) -> Killswitch:
        """Clear the killswitch; workers stay paused unless resume_all.

        DELETE /api/v1/killswitch
        """
        return Killswitch.of(self._call("killswitch.clear", fields(locals()), timeout=request_timeout))

    def ack(
        self,
        *,
        generation: int,
        worker: Optional[str] = None,
        request_timeout: Optional[float] = None,
    ) -> SchedulesDeleteReply:
        """A worker confirms that it has stopped for a generation.

        POST /api/v1/killswitch/ack

        :raises ModelReinsError: ``not-found``.
        """
        return SchedulesDeleteReply.of(self._call("killswitch.ack", fields(locals()), timeout=request_timeout))


class AuditOperations(_Noun):
    """Operations about audit."""

    def query(
        self,
        *,
        actor: Optional[str] = None,
        action: Optional[str] = None,
        since: Optional[str] = None,
        until: Optional[str] = None,
        job_id: Optional[int] = None,
        worker: Optional[str] = None,
        capability: Optional[str] = None,
        order: Optional[Literal["asc", "desc"]] = None,
        limit: Optional[int] = None,
        cursor: Optional[str] = None,
        request_timeout: Optional[float] = None,
    ) -> AuditRowPage:
        """Audit rows by actor, action, time, job, worker.

        GET /api/v1/audit

        :raises ModelReinsError: ``unavailable``.
        """
        return AuditRowPage.of(self._call("audit.query", fields(locals()), timeout=request_timeout))

    def heads(
        self,
        *,
        limit: Optional[int] = None,
        cursor: Optional[str] = None,
        request_timeout: Optional[float] = None,
    ) -> AuditHeadPage:
        """Signed heads of the audit trail, newest first, and the public key that made them.

        GET /api/v1/audit/heads

        :raises ModelReinsError: ``unavailable``.
        """
        return AuditHeadPage.of(self._call("audit.heads", fields(locals()), timeout=request_timeout))

    def export(
        self,
        *,
        since: Optional[str] = None,
        until: Optional[str] = None,
        from_seq: Optional[int] = None,
        through_seq: Optional[int] = None,
        request_timeout: Optional[float] = None,
    ) -> str:
        """Export the audit trail with its signed heads as NDJSON, for offline verification.

        GET /api/v1/audit/export

        :raises ModelReinsError: ``unavailable``.
        """
        return cast("str", self._call("audit.export", fields(locals()), timeout=request_timeout))

    def verify(
        self,
        *,
        from_seq: Optional[int] = None,
        cursor: Optional[str] = None,
        limit: Optional[int] = None,
        request_timeout: Optional[float] = None,
    ) -> AuditVerification:
        """Verify stored rows, MACs and archived heads, step by step; the first bad row is named.

        GET /api/v1/audit/verify

        :raises ModelReinsError: ``unavailable``.
        """
        return AuditVerification.of(self._call("audit.verify", fields(locals()), timeout=request_timeout))

    def to_look_at(
        self,
        *,
        include_seen: Optional[bool] = None,
        limit: Optional[int] = None,
        cursor: Optional[str] = None,
        request_timeout: Optional[float] = None,
    ) -> ToLookAtPage:
        """Unreviewed actions of the tier `audit`, oldest first.

        GET /api/v1/audit/to-look-at
        """
        return ToLookAtPage.of(self._call("audit.to_look_at", fields(locals()), timeout=request_timeout))

    def seen(
        self,
        *,
        seqs: Sequence[int],
        request_timeout: Optional[float] = None,
    ) -> AuditSeenReply:
        """Mark actions as reviewed.

        POST /api/v1/audit/seen
        """
        return AuditSeenReply.of(self._call("audit.seen", fields(locals()), timeout=request_timeout))


class EventsOperations(_Noun):
    """Operations about events."""

    def follow(
        self,
        *,
        after: Optional[int] = None,
        noun: Optional[str] = None,
        id: Optional[str] = None,
        job_id: Optional[int] = None,
        worker_id: Optional[str] = None,
        request_timeout: Optional[float] = None,
    ) -> str:
        """Events of the tenant as they happen, by WebSocket or server-sent events, resumable by sequence.

        GET /api/v1/events

        :raises ModelReinsError: ``conflict``, ``unavailable``.
        """
        return cast("str", self._call("events.follow", fields(locals()), timeout=request_timeout))


class WebhooksOperations(_Noun):
    """Operations about webhooks."""

    def create(
        self,
        *,
        url: str,
        events: Optional[Sequence[Literal["review.created", "review.settled", "review.reminded", "review.escalated", "killswitch.raised", "work.reminded"]]] = None,
        request_timeout: Optional[float] = None,
    ) -> WebhooksCreateReply:
        """Send reviews and the killswitch to an address, signed (Standard Webhooks); the secret is shown once.

        POST /api/v1/webhooks

        :raises ModelReinsError: ``conflict``.
        """
        return WebhooksCreateReply.of(self._call("webhooks.create", fields(locals()), timeout=request_timeout))

    def list(
        self,
        *,
        limit: Optional[int] = None,
        cursor: Optional[str] = None,
        request_timeout: Optional[float] = None,
    ) -> WebhookPage:
        """List webhooks.

        GET /api/v1/webhooks
        """
        return WebhookPage.of(self._call("webhooks.list", fields(locals()), timeout=request_timeout))

    def delete(
        self,
        webhook_id: str,
        *,
        request_timeout: Optional[float] = None,
    ) -> SchedulesDeleteReply:
        """Delete a webhook and its undelivered events.

        DELETE /api/v1/webhooks/:webhook_id

        :raises ModelReinsError: ``not-found``.
        """
        return SchedulesDeleteReply.of(self._call("webhooks.delete", fields(locals()), timeout=request_timeout))

    def deliveries(
        self,
        webhook_id: str,
        *,
        limit: Optional[int] = None,
        cursor: Optional[str] = None,
        request_timeout: Optional[float] = None,
    ) -> WebhookDeliveryPage:
        """Deliveries of a webhook with the replies of the receiver, newest first.

        GET /api/v1/webhooks/:webhook_id/deliveries

        :raises ModelReinsError: ``not-found``.
        """
        return WebhookDeliveryPage.of(self._call("webhooks.deliveries", fields(locals()), timeout=request_timeout))

    def resend(
        self,
        webhook_id: str,
        delivery_id: int,
        *,
        request_timeout: Optional[float] = None,
    ) -> WebhookDelivery:
        """Send a delivery again now, with the same body and the same `webhook-id`, whether it arrived or was given up.

        POST /api/v1/webhooks/:webhook_id/deliveries/:delivery_id/resend

        :raises ModelReinsError: ``not-found``, ``wrong-state``.
        """
        return WebhookDelivery.of(self._call("webhooks.resend", fields(locals()), timeout=request_timeout))


class DevicesOperations(_Noun):
    """Operations about devices."""

    def key(
        self,
        *,
        request_timeout: Optional[float] = None,
    ) -> DevicesKeyReply:
        """The tenant's public key, with which a browser makes its push subscription (VAPID, RFC 8292).

        GET /api/v1/devices/key
        """
        return DevicesKeyReply.of(self._call("devices.key", {}, timeout=request_timeout))

    def subscribe(
        self,
        *,
        endpoint: str,
        keys: Mapping[str, Any],
        name: Optional[str] = None,
        request_timeout: Optional[float] = None,
    ) -> Device:
        """Notify the calling member on this device when something waits for them; a known subscription is replaced.

        POST /api/v1/devices

        :raises ModelReinsError: ``conflict``.
        """
        return Device.of(self._call("devices.subscribe", fields(locals()), timeout=request_timeout))

    def renew(
        self,
        *,
        endpoint: str,
        request_timeout: Optional[float] = None,
    ) -> Device:
        """Bind a device of the calling member to the browser session that calls, after a new sign-in.

        POST /api/v1/devices/renew

        :raises ModelReinsError: ``not-found``.
        """
        return Device.of(self._call("devices.renew", fields(locals()), timeout=request_timeout))

    def list(
        self,
        *,
        request_timeout: Optional[float] = None,
    ) -> DevicePage:
        """List the devices on which the calling member is notified, with how the last message to each fared.

        GET /api/v1/devices
        """
        return DevicePage.of(self._call("devices.list", {}, timeout=request_timeout))

    def remove(
        self,
        device_id: str,
        *,
        request_timeout: Optional[float] = None,
    ) -> SchedulesDeleteReply:
        """Remove a device of the calling member: nothing more is sent to it.

        DELETE /api/v1/devices/:device_id

        :raises ModelReinsError: ``not-found``.
        """
        return SchedulesDeleteReply.of(self._call("devices.remove", fields(locals()), timeout=request_timeout))

    def test(
        self,
        device_id: str,
        *,
        request_timeout: Optional[float] = None,
    ) -> Device:
        """Send a test notification to a device of the calling member; the list says how it fared.

        POST /api/v1/devices/:device_id/test

        :raises ModelReinsError: ``not-found``.
        """
        return Device.of(self._call("devices.test", fields(locals()), timeout=request_timeout))


class ArtifactsOperations(_Noun):
    """Operations about artifacts."""

    def list(
        self,
        *,
        job_id: Optional[int] = None,
        review_id: Optional[int] = None,
        limit: Optional[int] = None,
        cursor: Optional[str] = None,
        request_timeout: Optional[float] = None,
    ) -> ArtifactPage:
        """List artifacts, newest first; a worker sees those of its jobs and its own.

        GET /api/v1/artifacts
        """
        return ArtifactPage.of(self._call("artifacts.list", fields(locals()), timeout=request_timeout))

    def update(
        self,
        slug: str,
        *,
        share: Optional[bool] = None,
        expires_at: Union[str, Unset, None] = UNSET,
        request_timeout: Optional[float] = None,
    ) -> Artifact:
        """Share or unshare an artifact, or set its expiry.

        PATCH /api/v1/artifacts/:slug

        :raises ModelReinsError: ``not-found``, ``gone``.
        """
        return Artifact.of(self._call("artifacts.update", fields(locals(), "expires_at"), timeout=request_timeout))

    def delete(
        self,
        slug: str,
        *,
        request_timeout: Optional[float] = None,
    ) -> SchedulesDeleteReply:
        """Delete an artifact.

        DELETE /api/v1/artifacts/:slug

        :raises ModelReinsError: ``not-found``.
        """
        return SchedulesDeleteReply.of(self._call("artifacts.delete", fields(locals()), timeout=request_timeout))


class Operations:
    """Every operation of the server: one attribute per noun, one method per verb."""

    def __init__(self, call: Call) -> None:
        self.service = ServiceOperations(call)
        self.tenants = TenantsOperations(call)
        self.members = MembersOperations(call)
        self.views = ViewsOperations(call)
        self.sessions = SessionsOperations(call)
        self.passkeys = PasskeysOperations(call)
        self.bans = BansOperations(call)
        self.settings = SettingsOperations(call)
        self.workers = WorkersOperations(call)
        self.presence = PresenceOperations(call)
        self.director = DirectorOperations(call)
        self.diagnostics = DiagnosticsOperations(call)
        self.jobs = JobsOperations(call)
        self.schedules = SchedulesOperations(call)
        self.threads = ThreadsOperations(call)
        self.claims = ClaimsOperations(call)
        self.work = WorkOperations(call)
        self.context = ContextOperations(call)
        self.reviews = ReviewsOperations(call)
        self.grants = GrantsOperations(call)
        self.killswitch = KillswitchOperations(call)
        self.audit = AuditOperations(call)
        self.events = EventsOperations(call)
        self.webhooks = WebhooksOperations(call)
        self.devices = DevicesOperations(call)
        self.artifacts = ArtifactsOperations(call)
