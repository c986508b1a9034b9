/** Responsible for the list of generated files of the Python SDK. */
import type { GeneratedFile } from '../generated-file.ts'
import { modelsFile, startModels } from './python-models.ts'
import { pythonOperations } from './python-operations.ts'
import { pythonPage, sdksPage } from './python-reference.ts'
import { tablesFile } from './python-tables.ts'

const folder = 'sdk-python/src/modelreins_worker/_generated'

/** `read` returns the text of a file of the repository. */
export function pythonFiles(read: (path: string) => string): readonly GeneratedFile[] {
  const models = startModels()
  // Generated first, because the answers add classes to the models.
  const { file, methods } = pythonOperations(models)
  return [
    {
      path: `${folder}/__init__.py`,
      content: '"""Responsible for what is made from the contract: tables, classes, methods. Nothing here is written by hand."""\n',
    },
    { path: `${folder}/tables.py`, content: tablesFile() },
    { path: `${folder}/operations.py`, content: file },
    { path: `${folder}/models.py`, content: modelsFile(models.all()) },
    { path: 'docs/reference/python.md', content: pythonPage(read, methods) },
    { path: 'docs/reference/sdks.md', content: sdksPage(read) },
  ]
}
