CREATE TABLE `artifacts` (
	`id` integer PRIMARY KEY AUTOINCREMENT NOT NULL,
	`slug` text NOT NULL,
	`state` text NOT NULL,
	`filename` text NOT NULL,
	`content_type` text NOT NULL,
	`size_bytes` integer NOT NULL,
	`sha256` text NOT NULL,
	`job_id` integer,
	`review_id` integer,
	`worker_id` text,
	`actor_id` text NOT NULL,
	`created_by` text NOT NULL,
	`share` integer NOT NULL,
	`created_at` integer NOT NULL,
	`expires_at` integer,
	`gone_at` integer,
	`gone_why` text,
	`next_at` integer,
	`erasures` integer NOT NULL,
	`idempotency_key` text
);
--> statement-breakpoint
CREATE UNIQUE INDEX `artifacts_slug_unique` ON `artifacts` (`slug`);--> statement-breakpoint
CREATE INDEX `artifacts_job` ON `artifacts` (`job_id`,`id`) WHERE job_id is not null;--> statement-breakpoint
CREATE INDEX `artifacts_review` ON `artifacts` (`review_id`,`id`) WHERE review_id is not null;--> statement-breakpoint
CREATE INDEX `artifacts_worker` ON `artifacts` (`worker_id`,`id`) WHERE worker_id is not null;--> statement-breakpoint
CREATE INDEX `artifacts_next` ON `artifacts` (`next_at`) WHERE next_at is not null;--> statement-breakpoint
CREATE UNIQUE INDEX `artifacts_key` ON `artifacts` (`idempotency_key`) WHERE idempotency_key is not null;