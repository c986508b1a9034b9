CREATE TABLE `erased_jobs` (
	`job_id` integer PRIMARY KEY NOT NULL,
	`erasure_id` integer NOT NULL,
	`state` text NOT NULL,
	`erased_at` integer NOT NULL,
	`streamed` integer NOT NULL,
	`ran` integer NOT NULL,
	`next_at` integer NOT NULL,
	`tries` integer NOT NULL
);
--> statement-breakpoint
CREATE INDEX `erased_jobs_next` ON `erased_jobs` (`next_at`);--> statement-breakpoint
CREATE INDEX `erased_jobs_erasure` ON `erased_jobs` (`erasure_id`,`state`);--> statement-breakpoint
CREATE TABLE `erased_threads` (
	`id` integer PRIMARY KEY AUTOINCREMENT NOT NULL,
	`thread_id` text NOT NULL,
	`through_id` integer NOT NULL,
	`stage` text NOT NULL,
	`jobs` integer NOT NULL,
	`aborted` text NOT NULL,
	`request_id` text NOT NULL,
	`erased_at` integer NOT NULL,
	`next_at` integer,
	`tries` integer NOT NULL
);
--> statement-breakpoint
CREATE INDEX `erased_threads_thread` ON `erased_threads` (`thread_id`);--> statement-breakpoint
CREATE INDEX `erased_threads_next` ON `erased_threads` (`next_at`) WHERE next_at is not null;--> statement-breakpoint
ALTER TABLE `threads` ADD `last_activity` integer DEFAULT 0 NOT NULL;