import journal from './meta/_journal.json';
import m0000 from './0000_tenant.sql';
import m0001 from './0001_reviews.sql';
import m0002 from './0002_artifacts.sql';
import m0003 from './0003_sessions.sql';
import m0004 from './0004_key_of_a_dispatch.sql';
import m0005 from './0005_turns_schedules_threads.sql';
import m0006 from './0006_jobs_with_fallback.sql';
import m0007 from './0007_erased_threads.sql';
import m0008 from './0008_persons.sql';
import m0009 from './0009_devices.sql';
import m0010 from './0010_blocks_of_keys.sql';

  export default {
    journal,
    migrations: {
      m0000,
m0001,
m0002,
m0003,
m0004,
m0005,
m0006,
m0007,
m0008,
m0009,
m0010
    }
  }
  