BeforeAll { . "$PSScriptRoot/Setup.ps1" }
AfterAll { Clear-Sandbox }

Describe 'Save-RemoteTaskLog' -Tag Local {
    It 'copies the log to this machine byte for byte, and gives the file' {
        $task = Invoke-RemoteTask 'printf "one\r\n\000\377two"' -Id bytes -Wait 6>$null
        $file = Save-RemoteTaskLog $task
        $file | Should -BeOfType ([System.IO.FileInfo])
        $file.FullName | Should -BeLike "$env:REMOTE_DISPATCH_LOG_DIR/local/bytes.*.log"
        [System.IO.File]::ReadAllBytes($file.FullName) | Should -Be ([System.IO.File]::ReadAllBytes("$Workspaces/bytes/log"))
        $file.Length | Should -Be 10
    }

    It 'copies it to another folder, which it makes' {
        $task = Invoke-RemoteTask 'echo x' -Id elsewhere -Wait 6>$null
        (Save-RemoteTaskLog elsewhere -Destination "$Sandbox/new/folder").FullName | Should -BeLike "$Sandbox/new/folder/local/elsewhere.*.log"
    }

    It 'takes a folder relative to where the prompt is' {
        $task = Invoke-RemoteTask 'echo x' -Id relative -Wait 6>$null
        Push-Location $Sandbox
        try { (Save-RemoteTaskLog relative -Destination here).FullName | Should -BeLike "$Sandbox/here/local/relative.*.log" }
        finally { Pop-Location }
    }

    It 'copies what there is of a log that still grows' {
        $gate = New-Gate
        $task = Invoke-RemoteTask "echo so far; $($gate.Wait); echo more"
        Wait-Until { Get-RemoteTaskLog $task }
        Get-Content (Save-RemoteTaskLog $task) | Should -Be 'so far'
        $gate.Open()
        $null = Wait-RemoteTask $task
        Get-Content (Save-RemoteTaskLog $task) | Should -Be 'so far', 'more'
    }

    It 'leaves only the user able to read it' -Tag Fleet {
        $task = Invoke-RemoteTask 'echo x' -Wait 6>$null
        (Get-Item (Save-RemoteTaskLog $task).FullName).UnixMode | Should -Be '-rw-------'
    }

    It 'notes the file in the task' {
        $task = Invoke-RemoteTask 'echo x'
        $file = Save-RemoteTaskLog (Wait-RemoteTask $task)
        (Get-RemoteTask $task.Id).LogPath | Should -Be $file.FullName
    }

    It 'copies nothing with -WhatIf' {
        $task = Invoke-RemoteTask 'echo x'
        $null = Wait-RemoteTask $task
        Save-RemoteTaskLog $task -Destination "$Sandbox/what-if" -WhatIf | Should -BeNullOrEmpty
        "$Sandbox/what-if" | Should -Not -Exist
    }

    # KNOWN BUG: LogCollector's 'finally File.Delete(draft)' throws where the folder could not be made, so that it is an InternalError.
    It 'leaves nothing half done where it cannot write' {
        $task = Invoke-RemoteTask 'echo x' -Wait 6>$null
        $null = New-Item "$Sandbox/a-file"
        Save-RemoteTaskLog $task -Destination "$Sandbox/a-file" -ErrorAction SilentlyContinue -ErrorVariable failure | Should -BeNullOrEmpty
        $failure.Count | Should -Be 1
        $failure[0].FullyQualifiedErrorId | Should -Be 'LocalFile,RemoteDispatch.PowerShell.Logs.SaveRemoteTaskLogCommand'
        $failure[0].CategoryInfo.Category | Should -Be 'WriteError'
    }

    It 'tells of a task that is not there' {
        { Save-RemoteTaskLog nobody -ErrorAction Stop } | Should -Throw -ErrorId 'TaskNotFound,*'
    }

    It 'gives each task of many hosts a file of its own' -Tag Fleet {
        Add-Fleet
        $tasks = Invoke-RemoteTask 'echo "$HOME"' h1, h2, h3 -Id many -Wait 6>$null
        $files = $tasks | Save-RemoteTaskLog -Destination "$Sandbox/many"
        $files.FullName | Sort-Object -Unique | Should -HaveCount 3
        Get-Content $files.FullName | Sort-Object | Should -Be ($FleetHosts.home | Sort-Object)
    }

    It 'fetches only what is new of a log that was copied before' {
        $gate = New-Gate
        $task = Invoke-RemoteTask "echo so far; $($gate.Wait); echo more"
        Wait-Until { Get-RemoteTaskLog $task }
        $null = Save-RemoteTaskLog $task
        $gate.Open()
        $null = Wait-RemoteTask $task -NoCollect
        $steps = Save-RemoteTaskLog $task 6>&1 | Where-Object MessageData -Is [RemoteDispatch.WorkStep] | ForEach-Object MessageData
        ($steps | Where-Object Name -EQ log_collected).Detail | Should -BeLike '*bytes=12 fetched=5 *'
    }

    It 'copies one log to the file that -Path names, again and again' {
        $task = Invoke-RemoteTask 'echo x' -Wait 6>$null
        Push-Location $Sandbox
        try { 1..2 | ForEach-Object { (Save-RemoteTaskLog $task -Path one.log).FullName | Should -Be "$Sandbox/one.log" } }
        finally { Pop-Location }
        (Get-RemoteTask $task.Id).LogPath | Should -Be "$Sandbox/one.log"
    }

    It 'replaces no file of another task, nor one that nobody knows, without -Force' {
        $one, $two = 'one', 'two' | ForEach-Object { Invoke-RemoteTask "echo $_" -Wait 6>$null }
        $file = (Save-RemoteTaskLog $one -Path (New-FileName)).FullName
        { Save-RemoteTaskLog $two -Path $file -ErrorAction Stop } | Should -Throw -ErrorId 'LocalFile,*'
        Get-Content $file | Should -Be 'one'
        Set-Content ($mine = New-FileName) 'my own'
        { Save-RemoteTaskLog $two -Path $mine -ErrorAction Stop } | Should -Throw -ErrorId 'LocalFile,*'
        Get-Content $mine | Should -Be 'my own'
        Get-Content (Save-RemoteTaskLog $two -Path $file -Force) | Should -Be 'two'
    }

    It 'takes -Path or -Destination and not both' {
        { Save-RemoteTaskLog x -Path a -Destination b } | Should -Throw -ErrorId 'AmbiguousParameterSet,*'
    }

    It 'copies the logs of all tasks whose ids are like a wildcard' -Tag Local {
        $null = 'vl-1', 'vl-2' | ForEach-Object { Invoke-RemoteTask "echo $_" -Id $_ -Wait 6>$null }
        $files = Save-RemoteTaskLog 'vl-*' -Destination (New-FileName)
        Get-Content $files | Sort-Object | Should -Be 'vl-1', 'vl-2'
        Use-NewSession
        @(Save-RemoteTaskLog 'vl-*' -HostName local).Count | Should -Be 2
    }
}
