CREATE TABLE `audit` (
	`seq` integer PRIMARY KEY NOT NULL,
	`row` text NOT NULL
);
--> statement-breakpoint
CREATE TABLE `credentials` (
	`credential` text PRIMARY KEY NOT NULL,
	`kind` text NOT NULL,
	`subject` text NOT NULL,
	`hash` text NOT NULL,
	`created_at` integer NOT NULL,
	`revoked_at` integer
);
--> statement-breakpoint
CREATE INDEX `credentials_subject` ON `credentials` (`subject`);--> statement-breakpoint
CREATE TABLE `idempotency` (
	`key` text PRIMARY KEY NOT NULL,
	`digest` text NOT NULL,
	`job_id` integer NOT NULL,
	`created_at` integer NOT NULL
);
--> statement-breakpoint
CREATE TABLE `jobs` (
	`id` integer PRIMARY KEY NOT NULL,
	`status` text NOT NULL,
	`hold` text,
	`pool` integer,
	`rank` integer,
	`expires_at` integer,
	`effort` text NOT NULL,
	`priority` integer NOT NULL,
	`thread_id` text,
	`worker_id` text,
	`attempt` integer NOT NULL,
	`max_attempts` integer NOT NULL,
	`nonce` text,
	`long_lease` integer NOT NULL,
	`created_by` text NOT NULL,
	`created_at` integer NOT NULL,
	`queued_at` integer NOT NULL,
	`started_at` integer,
	`ended_at` integer,
	`retry_at` integer,
	`review_id` integer,
	`parent_id` integer,
	`stream` integer NOT NULL,
	`spec` text NOT NULL,
	`outcome` text
);
--> statement-breakpoint
CREATE INDEX `jobs_place` ON `jobs` (`pool`,`rank`) WHERE pool is not null;--> statement-breakpoint
CREATE INDEX `jobs_expiry` ON `jobs` (`expires_at`) WHERE expires_at is not null;--> statement-breakpoint
CREATE INDEX `jobs_thread` ON `jobs` (`thread_id`) WHERE thread_id is not null;--> statement-breakpoint
CREATE INDEX `jobs_parent` ON `jobs` (`parent_id`) WHERE parent_id is not null;--> statement-breakpoint
CREATE TABLE `killswitch_acks` (
	`worker_id` text PRIMARY KEY NOT NULL,
	`generation` integer NOT NULL,
	`at` integer NOT NULL
);
--> statement-breakpoint
CREATE TABLE `members` (
	`member_id` text PRIMARY KEY NOT NULL,
	`name` text NOT NULL,
	`role` text NOT NULL,
	`created_at` integer NOT NULL,
	`revoked_at` integer
);
--> statement-breakpoint
CREATE TABLE `meta` (
	`key` text PRIMARY KEY NOT NULL,
	`value` text NOT NULL
);
--> statement-breakpoint
CREATE TABLE `pools` (
	`id` integer PRIMARY KEY NOT NULL,
	`key` text NOT NULL
);
--> statement-breakpoint
CREATE UNIQUE INDEX `pools_key_unique` ON `pools` (`key`);--> statement-breakpoint
CREATE TABLE `views` (
	`view_id` text PRIMARY KEY NOT NULL,
	`subject` text NOT NULL,
	`iv` text,
	`ciphertext` text,
	`created_at` integer NOT NULL,
	`expires_at` integer NOT NULL,
	`revealed_at` integer
);
--> statement-breakpoint
CREATE TABLE `workers` (
	`worker_id` text PRIMARY KEY NOT NULL,
	`name` text NOT NULL,
	`kind` text NOT NULL,
	`description` text NOT NULL,
	`capabilities` text NOT NULL,
	`requires_secrets` text NOT NULL,
	`config` text NOT NULL,
	`config_version` integer NOT NULL,
	`may_raise_killswitch` integer NOT NULL,
	`paused` integer NOT NULL,
	`profile` text NOT NULL,
	`companion_of` text,
	`created_at` integer NOT NULL,
	`last_seen_at` integer,
	`revoked_at` integer
);
--> statement-breakpoint
CREATE UNIQUE INDEX `workers_name` ON `workers` (`name`) WHERE revoked_at is null;