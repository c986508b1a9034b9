CREATE TABLE `grants` (
	`grant_id` text PRIMARY KEY NOT NULL,
	`worker_id` text NOT NULL,
	`capability` text NOT NULL,
	`session` text NOT NULL,
	`uses` integer NOT NULL,
	`max_uses` integer,
	`review_id` integer NOT NULL,
	`granted_by` text NOT NULL,
	`created_at` integer NOT NULL,
	`expires_at` integer NOT NULL,
	`revoked_at` integer
);
--> statement-breakpoint
CREATE INDEX `grants_scope` ON `grants` (`worker_id`,`capability`,`session`);--> statement-breakpoint
CREATE TABLE `review_payloads` (
	`review_id` integer NOT NULL,
	`kind` text NOT NULL,
	`payload` text NOT NULL,
	PRIMARY KEY(`review_id`, `kind`)
);
--> statement-breakpoint
CREATE TABLE `reviews` (
	`id` integer PRIMARY KEY NOT NULL,
	`status` text NOT NULL,
	`type` text NOT NULL,
	`job_id` integer,
	`worker_id` text,
	`capability` text,
	`session` text,
	`asked_digest` text NOT NULL,
	`next_at` integer,
	`settled_at` integer,
	`doc` text NOT NULL
);
--> statement-breakpoint
CREATE INDEX `reviews_status` ON `reviews` (`status`,`id`);--> statement-breakpoint
CREATE INDEX `reviews_job` ON `reviews` (`job_id`) WHERE job_id is not null;--> statement-breakpoint
CREATE INDEX `reviews_next` ON `reviews` (`next_at`) WHERE next_at is not null;--> statement-breakpoint
CREATE TABLE `to_look_at` (
	`seq` integer PRIMARY KEY NOT NULL,
	`at` integer NOT NULL,
	`action` text NOT NULL,
	`job_id` integer,
	`worker_id` text,
	`capability` text,
	`digest` text,
	`summary` text NOT NULL,
	`seen_at` integer,
	`seen_by` text
);
--> statement-breakpoint
CREATE INDEX `to_look_at_unseen` ON `to_look_at` (`seq`) WHERE seen_at is null;--> statement-breakpoint
CREATE TABLE `webhook_deliveries` (
	`id` integer PRIMARY KEY AUTOINCREMENT NOT NULL,
	`webhook_id` text NOT NULL,
	`message_id` text NOT NULL,
	`event` text NOT NULL,
	`body` text NOT NULL,
	`state` text NOT NULL,
	`created_at` integer NOT NULL,
	`next_at` integer,
	`attempts` text NOT NULL
);
--> statement-breakpoint
CREATE INDEX `webhook_deliveries_webhook` ON `webhook_deliveries` (`webhook_id`,`id`);--> statement-breakpoint
CREATE INDEX `webhook_deliveries_next` ON `webhook_deliveries` (`next_at`) WHERE next_at is not null;--> statement-breakpoint
CREATE TABLE `webhooks` (
	`webhook_id` text PRIMARY KEY NOT NULL,
	`url` text NOT NULL,
	`events` text NOT NULL,
	`kid` text NOT NULL,
	`created_by` text NOT NULL,
	`created_at` integer NOT NULL,
	`disabled_at` integer
);
