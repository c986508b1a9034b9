CREATE TABLE `schedule_runs` (
	`run_id` integer PRIMARY KEY AUTOINCREMENT NOT NULL,
	`schedule_id` text NOT NULL,
	`due_at` integer,
	`at` integer NOT NULL,
	`outcome` text NOT NULL,
	`job_id` integer,
	`code` text,
	`detail` text
);
--> statement-breakpoint
CREATE INDEX `schedule_runs_schedule` ON `schedule_runs` (`schedule_id`,`run_id`);--> statement-breakpoint
CREATE TABLE `schedules` (
	`schedule_id` text PRIMARY KEY NOT NULL,
	`name` text NOT NULL,
	`rule` text NOT NULL,
	`job` text NOT NULL,
	`runs` integer NOT NULL,
	`last_job_id` integer,
	`version` integer NOT NULL,
	`owner_id` text NOT NULL,
	`created_at` integer NOT NULL,
	`next_at` integer,
	`fire_at` integer
);
--> statement-breakpoint
CREATE INDEX `schedules_fire` ON `schedules` (`fire_at`) WHERE fire_at is not null;--> statement-breakpoint
CREATE TABLE `threads` (
	`id` integer PRIMARY KEY AUTOINCREMENT NOT NULL,
	`thread_id` text NOT NULL,
	`title` text NOT NULL,
	`archived` integer NOT NULL,
	`defaults` text NOT NULL,
	`created_at` integer NOT NULL
);
--> statement-breakpoint
CREATE UNIQUE INDEX `threads_thread_id_unique` ON `threads` (`thread_id`);--> statement-breakpoint
CREATE TABLE `key_uses` (
	`job_id` integer NOT NULL,
	`kind` text NOT NULL,
	`key` text NOT NULL,
	`state` text NOT NULL,
	`turn` integer NOT NULL,
	`most` integer NOT NULL,
	PRIMARY KEY(`job_id`, `kind`)
);
--> statement-breakpoint
CREATE INDEX `key_uses_turn` ON `key_uses` (`kind`,`state`,`key`,`turn`,`job_id`);--> statement-breakpoint
CREATE TABLE `rate_starts` (
	`id` integer PRIMARY KEY NOT NULL,
	`key` text NOT NULL,
	`at` integer NOT NULL
);
--> statement-breakpoint
CREATE INDEX `rate_starts_key` ON `rate_starts` (`key`,`at`);--> statement-breakpoint
INSERT INTO `threads` (`thread_id`, `title`, `archived`, `defaults`, `created_at`)
SELECT `thread_id`, substr(json_extract(`spec`, '$.prompt'), 1, min(120, instr(json_extract(`spec`, '$.prompt') || char(10), char(10)) - 1)), 0, '{}', `created_at`
FROM `jobs` WHERE `id` IN (SELECT min(`id`) FROM `jobs` WHERE `thread_id` IS NOT NULL GROUP BY `thread_id`) ORDER BY `id`;
