ALTER TABLE `jobs` ADD `created_by` text GENERATED ALWAYS AS (json_extract(rest, '$.created_by')) VIRTUAL;--> statement-breakpoint
CREATE INDEX `jobs_creator` ON `jobs` (`tenant`,`created_by`,`id`);