BeforeAll {
    . "$PSScriptRoot/Setup.ps1"
}

Describe 'Invoke-RemoteTask -AsJob' {
    It 'gives a job that Get-Job shows and that ends as the task does' {
        $job = Invoke-RemoteTask 'exit 0' -AsJob
        (Get-Job -Id $job.Id).InstanceId | Should -Be $job.InstanceId
        $null = $job | Wait-Job -Timeout 30
        $job.State | Should -Be 'Completed'
        $task = $job | Receive-Job
        $task.State | Should -Be 'Succeeded'
        $task.LogPath | Should -Exist
        $job | Remove-Job
    }

    It 'has failed where a task did not succeed, and still gives the task' {
        $job = Invoke-RemoteTask 'exit 3' -AsJob
        $null = $job | Wait-Job -Timeout 30
        $job.State | Should -Be 'Failed'
        ($job | Receive-Job).ExitCode | Should -Be 3
        $job | Remove-Job
    }

    It 'gives the failure of a host as an error of the job' {
        $job = Invoke-RemoteTask 'exit 0' ssh://127.0.0.1:1 -AsJob
        $null = $job | Wait-Job -Timeout 30
        $job.State | Should -Be 'Failed'
        $null = $job | Receive-Job -ErrorVariable failure -ErrorAction SilentlyContinue
        $failure[0].FullyQualifiedErrorId | Should -BeLike 'ConnectionRefused*'
        $job | Remove-Job
    }

    It 'stops its task when the job is stopped' {
        $job = Invoke-RemoteTask 'exec sleep 1000' -Id job-to-stop -AsJob
        while (-not (Get-RemoteTask -Cached | Where-Object { $_.Id -eq 'job-to-stop' -and $_.State -eq 'Running' })) {
            if ($job.State -ne 'Running') { throw "The job is $($job.State)." }
        }
        $job | Stop-Job
        $job.State | Should -Be 'Stopped'
        (Get-RemoteTask job-to-stop).State | Should -Be 'Stopped'
        $job | Remove-Job
    }

    It 'cannot be combined with -Wait' {
        { Invoke-RemoteTask 'exit 0' -AsJob -Wait } | Should -Throw '-Wait and -AsJob are one too many*' -ErrorId 'InvalidInput,*'
        { Invoke-RemoteTask h1 -Prompt x } | Should -Throw 'There is no agent*' -ErrorId 'InvalidInput,*'
        { Invoke-RemoteTask -Agent claude -Prompt x -AsJob -Wait } | Should -Throw -ErrorId 'InvalidInput,*'
    }
}

Describe 'Several runspaces at once' {
    It 'share the channels and each get their own tasks' {
        $module = $env:RD_PESTER_MODULE
        $codes = 1..8 | ForEach-Object -ThrottleLimit 8 -Parallel {
            Import-Module $using:module
            (Invoke-RemoteTask "exit $_" -Wait -InformationAction Ignore).ExitCode
        }
        $codes | Sort-Object | Should -Be (1..8)
    }

    It 'work from a thread job' {
        $module = $env:RD_PESTER_MODULE
        $job = Start-ThreadJob {
            Import-Module $using:module
            Invoke-RemoteTask 'echo from a thread job' -Wait -InformationAction Ignore | Get-RemoteTaskLog -Raw
        }
        $job | Wait-Job -Timeout 30 | Receive-Job | Should -Be 'from a thread job'
        $job | Remove-Job
    }
}

Describe 'Invoke-RemoteTask -FilePath' {
    It 'sends the script as it is, with its arguments' {
        $script = Join-Path $TestDrive 'greet.sh'
        Set-Content $script "#!/bin/sh`nprintf '%s;' `"`$#`" `"`$@`"" -NoNewline
        $task = Invoke-RemoteTask -FilePath $script -ArgumentList 'two words', "it's", '$HOME' -Wait -InformationAction Ignore
        $task | Get-RemoteTaskLog -Raw | Should -Be "3;two words;it's;`$HOME;"
        $task.Command | Should -BeLike 'greet.sh two words*'
    }

    It 'is an error that names the file where there is none' {
        { Invoke-RemoteTask -FilePath (Join-Path $TestDrive 'nowhere.sh') } | Should -Throw -ErrorId 'LocalFile,*'
    }
}

Describe 'Stop-RemoteTask -Force beside a preference' {
    It 'stops nothing where $WhatIfPreference is set' {
        $task = Invoke-RemoteTask 'exec sleep 1000'
        & { $WhatIfPreference = $true; $task | Stop-RemoteTask -Force }
        ($task | Get-RemoteTask).State | Should -Be 'Running'
        $task | Stop-RemoteTask -Force
        ($task | Get-RemoteTask).State | Should -Be 'Stopped'
    }
}
